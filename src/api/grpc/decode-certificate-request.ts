import { malformed, WireReader } from './wire-reader.ts'

/** What is read of an `IstioCertificateRequest`. */
export interface CertificateRequest {
  readonly csr: string
  /** Seconds as sent: 0 when absent, clamped to ±2^53. */
  readonly validityDuration: number
  /** `ImpersonatedIdentity` of the metadata, empty when absent. */
  readonly impersonatedIdentity: string
}

const MAX_DEPTH = 16

/**
 * Reads the request, throws `request.malformed` for a wrong wire type or bad UTF-8 in a field that we know, and passes
 * over unknown fields (proto3). grpc-js would answer INTERNAL for what a generated decoder throws.
 */
export function decodeCertificateRequest(bytes: Buffer): CertificateRequest {
  const reader = new WireReader(bytes)
  let csr = ''
  let validityDuration = 0
  let impersonatedIdentity = ''
  while (!reader.done) {
    const tag = reader.tag()
    const field = tag >>> 3
    if (field === 1) csr = reader.text(tag, 'csr')
    else if (field === 3) validityDuration = reader.int64(tag, 'validity_duration')
    else if (field === 4) impersonatedIdentity = readMetadata(reader.message(tag, 'metadata'), impersonatedIdentity)
    else reader.passOver(tag)
  }
  return { csr, validityDuration, impersonatedIdentity }
}

/** A `google.protobuf.Struct`: map entries of which one counts; all are checked. */
function readMetadata(struct: WireReader, before: string): string {
  let found = before
  while (!struct.done) {
    const tag = struct.tag()
    if (tag >>> 3 !== 1) {
      struct.passOver(tag)
      continue
    }
    const entry = struct.message(tag, 'metadata')
    const [key, value] = readEntry(entry, 1)
    if (key !== 'ImpersonatedIdentity') continue
    if (value === null) throw malformed('`ImpersonatedIdentity` is not a string')
    found = value
  }
  return found
}

/** Key and string value of a map entry; null for a value of another kind. */
function readEntry(entry: WireReader, depth: number): readonly [string, string | null] {
  let key = ''
  let value: string | null = null
  while (!entry.done) {
    const tag = entry.tag()
    const field = tag >>> 3
    if (field === 1) key = entry.text(tag, 'metadata key')
    else if (field === 2) value = readValue(entry.message(tag, 'metadata value'), depth)
    else entry.passOver(tag)
  }
  return [key, value]
}

function readValue(value: WireReader, depth: number): string | null {
  if (depth > MAX_DEPTH) throw malformed('`metadata` is nested too deeply')
  let text: string | null = null
  while (!value.done) {
    const tag = value.tag()
    const field = tag >>> 3
    text = null
    if (field === 3) text = value.text(tag, 'metadata value')
    else if (field === 1 || field === 4) value.int64(tag, 'metadata value')
    else if (field === 5) checkStruct(value.message(tag, 'metadata value'), depth + 1)
    else if (field === 6) checkList(value.message(tag, 'metadata value'), depth + 1)
    else value.passOver(tag)
  }
  return text
}

function checkStruct(struct: WireReader, depth: number): void {
  while (!struct.done) {
    const tag = struct.tag()
    if (tag >>> 3 === 1) readEntry(struct.message(tag, 'metadata value'), depth)
    else struct.passOver(tag)
  }
}

function checkList(list: WireReader, depth: number): void {
  while (!list.done) {
    const tag = list.tag()
    if (tag >>> 3 === 1) readValue(list.message(tag, 'metadata value'), depth)
    else list.passOver(tag)
  }
}
