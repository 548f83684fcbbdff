import { MAX_SPIFFE_ID_BYTES, problemOfSpiffeId } from '../../identity/spiffe-id.ts'
import type { LintExpectation } from './lint.ts'
import { Cursor, fail } from './lint-cursor.ts'

/** Exactly one URI, which is the attested identity; DNS names and addresses for the serving certificate alone. */
export function lintNames(value: Buffer, want: LintExpectation): void {
  const c = new Cursor(value)
  if (c.enter(0x30, 'subjectAltName') !== value.length) fail('bytes behind the names')
  let uris = 0
  while (c.next < value.length) {
    const tag = value[c.next] ?? 0
    const length = c.bytes(tag, 'subjectAltName')
    if (tag === 0x86) {
      uris++
      if (length > MAX_SPIFFE_ID_BYTES) fail('the SPIFFE ID is longer than 2048 bytes (ID-15)')
      lintIdentity(value.toString('latin1', c.start, c.next), want.identity)
    } else if (want.otherNames === 'none' || (tag !== 0x82 && tag !== 0x87)) {
      fail('a name beside the SPIFFE ID')
    }
  }
  if (uris !== 1) fail('not exactly one URI name (X-1)')
}

function lintIdentity(uri: string, identity: string): void {
  if (uri !== identity) fail('the URI name is not the attested identity')
  if (problemOfSpiffeId(uri) !== null) fail('the URI name is not a SPIFFE ID (X-1)')
  if (uri.indexOf('/', 'spiffe://'.length) === -1) fail('the SPIFFE ID of a leaf has no path (X-4)')
}
