import { AppError } from '../../kernel/errors.ts'
import type { Asker } from '../asked-workload.ts'
import type { DecisionPorts } from '../decision-ports.ts'
import type { PeerCertificates } from './listen.ts'

/** Who is at the other end of a connection, by its `ip:port`; throws `auth.*` for one who may not ask. */
export type AskerOf = (peer: string) => Asker

/** Proxies are known by their client certificates. */
export function certifiedAsker(peers: PeerCertificates, identify: DecisionPorts['identify']): AskerOf {
  return (peer) => {
    const certificate = peers.of(peer)
    if (certificate === undefined) throw new AppError('auth.missing', 'a decision needs a client certificate')
    return { by: 'certificate', identity: identify(certificate) }
  }
}

/** Whether the certificate proves an identity, so that its connection may send what takes room. */
export function isKnown(certificate: Buffer, { identify }: Pick<DecisionPorts, 'identify'>): boolean {
  try {
    identify(certificate)
    return true
  } catch (error) {
    if (error instanceof AppError) return false
    throw error
  }
}
