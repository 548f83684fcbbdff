import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { rememberChain } from '../identity/presented-chain.ts'

const MAX_CHAIN = 8

/** DER of the certificate that the client showed, undefined without one; what it showed behind it is read when somebody asks. */
export function clientCertificateOf(socket: TLSSocket): Buffer | undefined {
  const leaf = socket.getPeerX509Certificate()?.raw
  if (leaf !== undefined) rememberChain(leaf, () => readChain(socket))
  return leaf
}

/** Node links each certificate to the one that has its issuer's name, and a root to itself. */
function readChain(socket: TLSSocket): readonly Buffer[] {
  const chain: Buffer[] = []
  let last: DetailedPeerCertificate | null = socket.getPeerCertificate(true)
  while (last !== null && chain.length < MAX_CHAIN) {
    const next: DetailedPeerCertificate | undefined = last.issuerCertificate
    last = next === undefined || next === last ? null : next
    if (last !== null) chain.push(last.raw)
  }
  return chain
}
