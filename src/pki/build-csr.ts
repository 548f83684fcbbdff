import { sequence, TAG, tlv } from './der-writer.ts'
import { toPem } from './pem.ts'
import type { Signer } from './signer.ts'

const VERSION_1 = tlv(TAG.integer, Buffer.from([0]))
const NO_ATTRIBUTES = tlv(0xa0)

/** A PEM CSR (RFC 2986) that carries the signer's key and asks for no name: who it is for comes from evidence. */
export async function buildCsr(signer: Signer): Promise<string> {
  const publicKey = signer.publicKey.export({ type: 'spki', format: 'der' })
  const info = sequence(VERSION_1, sequence(), publicKey, NO_ATTRIBUTES)
  const signature = await signer.sign(info)
  const bits = tlv(TAG.bitString, Buffer.from([0]), signature)
  return toPem('CERTIFICATE REQUEST', sequence(info, signer.algorithm, bits))
}
