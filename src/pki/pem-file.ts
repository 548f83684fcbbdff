import { AppError } from '../kernel/errors.ts'
import type { Finding } from './explain/explained.ts'
import { warning } from './explain/findings.ts'
import type { PemBlock } from './explain/pem-blocks.ts'
import { parsePem } from './pem.ts'

/** The blocks of a PEM file in their order, and what is odd about its text although it can be read. */
export interface PemFile {
  readonly blocks: readonly PemBlock[]
  readonly oddities: readonly Finding[]
}

const MAX_BLOCKS = 100
const BEGIN = '-----BEGIN '
const DASHES = '-----'
const LABEL = /^[A-Z0-9][A-Z0-9 ]{0,63}$/ // RFC 7468 §3, as far as anybody uses it
const BYTE_ORDER_MARK = '\u{feff}'
const DER_SEQUENCE = '0'

/**
 * Reads a file of PEM blocks, each of them strictly (RFC 7468 §3); throws `request.malformed`. Line ends, a missing newline
 * at the end and text between the blocks change nothing of what is read: they are told, as they break other readers.
 */
export function parsePemFile(text: string): PemFile {
  if (text.trim() === '') throw malformed('it is empty')
  const blocks: PemBlock[] = []
  let between = ''
  let at = 0
  for (let begin = text.indexOf(BEGIN); begin !== -1; begin = text.indexOf(BEGIN, at)) {
    if (blocks.length === MAX_BLOCKS) throw malformed(`it holds more than ${MAX_BLOCKS} PEM blocks`)
    const { block, end } = readBlock(text, begin, blocks.length + 1)
    between += text.slice(at, begin)
    blocks.push(block)
    at = end
  }
  if (blocks.length === 0) throw malformed(whyNone(text))
  return { blocks, oddities: findOddities(text, between + text.slice(at)) }
}

function readBlock(text: string, begin: number, number: number): { readonly block: PemBlock; readonly end: number } {
  const labelStart = begin + BEGIN.length
  const label = text.slice(labelStart, text.indexOf(DASHES, labelStart))
  if (!LABEL.test(label)) throw malformed(`block ${number} has a damaged first line`)
  const last = `-----END ${label}-----`
  const endStart = text.indexOf(last, labelStart)
  if (endStart === -1) throw malformed(`block ${number} has no \`${last}\`: the file is cut off or damaged`)
  const end = endStart + last.length
  try {
    return { block: { label, der: parsePem(text.slice(begin, end), [label], 'request.malformed') }, end }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw malformed(`block ${number} (${label}): ${error.message}`)
  }
}

function findOddities(text: string, between: string): readonly Finding[] {
  const rest = between.replace(BYTE_ORDER_MARK, '').trim()
  return [
    text.startsWith(BYTE_ORDER_MARK) && warning('pem.byte_order_mark', 'it begins with a byte order mark'),
    text.includes('\r') && warning('pem.crlf', 'its lines end in CR LF; they are read as if they ended in LF'),
    !/[\r\n]$/.test(text) &&
      warning('pem.no_newline', 'it does not end in a newline, so that what is appended to it is damaged'),
    rest !== '' && warning('pem.text', 'text stands outside its PEM blocks; it is passed over'),
  ].filter((finding) => finding !== false)
}

function whyNone(text: string): string {
  return text.startsWith(DER_SEQUENCE)
    ? 'it is DER and not PEM: convert it with `openssl x509 -inform DER` or `openssl pkey -inform DER`'
    : 'it holds no PEM block'
}

function malformed(problem: string): AppError {
  return new AppError('request.malformed', problem)
}
