import { randomBytes } from 'node:crypto'

/** Request ids of this process: a random prefix and a counter. */
export function openRequestIds(): () => string {
  const prefix = randomBytes(6).toString('base64url')
  let count = 0
  return () => `${prefix}-${(count++).toString(36)}`
}
