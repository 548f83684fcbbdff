import type { HttpDeps } from '../api/http/deps.ts'
import { openRecentMoment } from '../ca/rotation/recent-moment.ts'
import { ClientCertificateAttestation } from '../identity/attest-client-certificate.ts'
import { AppError } from '../kernel/errors.ts'
import { parseCertificate } from '../pki/parsed-certificate.ts'
import type { Core } from './core.ts'
import { planOf } from './rotation.ts'

/** Authorities and their rotation, as the REST API sees them. */
export function toAuthorityPorts({ authorities, rotation, live, clock }: Core): HttpDeps['authorities'] {
  const { rotator } = rotation
  const plan = { ...planOf(live.current), longestLeafSeconds: live.current.issuance.maxTtl }
  const recentMoment = openRecentMoment(() => rotator.moment(), clock)
  return {
    rotator,
    async outlook() {
      const moment = await recentMoment()
      return { view: authorities.view(), moment, plan }
    },
  }
}

/**
 * Takes the word of certificate holders for the bundle that they use. Only certificates of ours count, each for itself:
 * whoever could speak for another would open a gate before that one is ready.
 */
export function toReportBundle({ authorities, rotation, live, clock }: Core): HttpDeps['reportBundle'] {
  const { trustDomain } = live.current
  const denied = { has: () => false } // what a revoked one trusts is true all the same
  const attestation = new ClientCertificateAttestation({ trustDomain, issuers: authorities, denied, clock })
  return (der, sequence) => {
    if (sequence > authorities.current().sequence) return // nobody has what was never published
    try {
      const { subject: serial } = attestation.attest(der)
      const { notAfter } = parseCertificate(der, 'auth.certificate_untrusted')
      rotation.reports.add({ serial, sequence, notAfter })
    } catch (error) {
      if (!(error instanceof AppError)) throw error // anyone may read the bundle, with any certificate
    }
  }
}
