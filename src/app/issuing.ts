import type { JwtPorts } from '../api/http/deps.ts'
import type { IssueCertificate, UnreadRequest } from '../ca/issue/issuance.ts'
import { CertificateIssuer } from '../ca/issue/issue-certificate.ts'
import type { Config } from '../config/config.ts'
import { openTokenBuckets } from '../kernel/token-bucket.ts'
import type { Base } from './base.ts'
import { openJwts } from './jwts.ts'
import type { Movement } from './movement.ts'
import { toIssueObserver } from './observe.ts'
import type { Serving } from './serving.ts'
import { issuanceOptionsOf } from './settings.ts'
import type { Storage } from './storage.ts'
import type { Trust } from './trust.ts'

/** The use cases that give credentials. */
export interface Issuing {
  readonly issue: IssueCertificate
  /** Logs and counts a request for a certificate that could not be read. */
  readonly onUnread: (request: UnreadRequest) => void
  readonly jwts: JwtPorts
}

/** Opens both use cases; they share their rate limits. */
export function openIssuing(config: Config, parts: Base & Storage & Trust & Serving & Movement): Issuing {
  const { authorities, attestation, denyList, signer, store, rotation, live, clock, random, log, metrics } = parts
  const entitle = {
    limits: () => live.current.limits,
    attest: attestation.attest.bind(attestation),
    roleOf: attestation.roleOf.bind(attestation),
    denyList,
    takeGlobal: openTokenBuckets(() => live.current.limits.rate),
    takePerIdentity: openTokenBuckets(() => live.current.limits.ratePerIdentity),
    clock,
  }
  const issuer = new CertificateIssuer({
    ...entitle,
    options: issuanceOptionsOf(config),
    authorities,
    signer,
    observer: toIssueObserver(log, metrics, rotation.reports),
    isUrgent: () => authorities.list().some(({ state }) => state === 'tainted'),
  })
  return {
    issue: (request) => issuer.issue(request),
    onUnread: (request) => issuer.unread(request),
    jwts: openJwts(config, { entitle, authorities, record: store, random, log, metrics }),
  }
}
