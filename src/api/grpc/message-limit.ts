import { AppError } from '../../kernel/errors.ts'

/** The message itself; throws `limit.size` where it is longer than the limit in force. */
export function refuseTooLarge(bytes: Buffer, maxBytes: number | null): Buffer {
  if (maxBytes === null || bytes.length <= maxBytes) return bytes
  const detail = { wanted: `at most ${maxBytes} bytes`, seen: `${bytes.length} bytes` }
  throw new AppError('limit.size', `the request is longer than ${maxBytes} bytes`, detail)
}
