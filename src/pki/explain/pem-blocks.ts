import { AppError } from '../../kernel/errors.ts'

/** One thing in a file: the label of its PEM block (`CERTIFICATE` for a file in DER) and its DER. */
export interface PemBlock {
  readonly label: string
  readonly der: Buffer
}

const MAX_FILE_BYTES = 4 * 1024 * 1024
const MAX_BLOCKS = 1000
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*)-----END \1-----/g
const DER_SEQUENCE = 0x30

/**
 * The blocks of a PEM file in their order, whatever stands between them; or the one block that a DER file is.
 * Lenient, as files are that people look at; what a caller sends goes through `parsePem`. Throws `request.malformed`.
 */
export function parseBlocks(input: Buffer): readonly PemBlock[] {
  if (input.length > MAX_FILE_BYTES) throw malformed(`the file is larger than ${MAX_FILE_BYTES} bytes`)
  if (input[0] === DER_SEQUENCE && !input.includes('-----BEGIN ')) return [{ label: '', der: input }]
  const blocks: PemBlock[] = []
  for (const [, label = '', body = ''] of input.toString('latin1').matchAll(BLOCK)) {
    if (blocks.length === MAX_BLOCKS) throw malformed(`the file holds more than ${MAX_BLOCKS} PEM blocks`)
    blocks.push({ label, der: Buffer.from(withoutHeaders(body), 'base64') })
  }
  if (blocks.length === 0) throw malformed('it holds no PEM block and is not DER')
  return blocks
}

/** An encrypted key of the old form has `Name: value` lines before its body (RFC 1421 §4.6). */
function withoutHeaders(body: string): string {
  return body.replace(/^[ \t]*[A-Za-z-]+:.*$/gm, '')
}

function malformed(problem: string): AppError {
  return new AppError('request.malformed', `no certificate or CSR can be read: ${problem}`)
}
