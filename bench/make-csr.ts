import { generateKeyPairSync, sign } from 'node:crypto'
import { sequence, tlv } from '../src/pki/der-writer.ts'
import { toPem } from '../src/pki/pem.ts'

const VERSION = Buffer.from([0x02, 0x01, 0x00])
const EMPTY = Buffer.from([0x30, 0x00])
const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex')
const SAN = Buffer.from('0603551d110101ff', 'hex')
const EXTENSION_REQUEST = Buffer.from('06092a864886f70d01090e', 'hex')

/** `count` different P-256 CSRs as ztunnel makes them: an empty subject and the SPIFFE ID as critical URI name. */
export function makeCsrs(count: number, uri: string): string[] {
  const names = sequence(tlv(0x86, Buffer.from(uri)))
  const extension = sequence(SAN, tlv(0x04, names))
  const attributes = tlv(0xa0, sequence(EXTENSION_REQUEST, tlv(0x31, sequence(extension))))
  return Array.from({ length: count }, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    const info = sequence(VERSION, EMPTY, spki, attributes)
    const signature = tlv(0x03, Buffer.from([0]), sign('sha256', info, privateKey))
    return toPem('CERTIFICATE REQUEST', sequence(info, ECDSA_SHA256, signature))
  })
}
