import type { JwtPorts } from '../api/http/deps.ts'
import type { Authorities } from '../ca/authorities.ts'
import { type IssueJwtDeps, JwtIssuer } from '../ca/jwt/issue-jwt.ts'
import { jwtKeysOf } from '../ca/jwt/jwt-keys.ts'
import { JwtSigner } from '../ca/jwt/sign-jwt.ts'
import type { IssuanceRecord } from '../ca/record.ts'
import type { Config } from '../config/config.ts'
import type { Log } from '../kernel/log.ts'
import type { RandomBytes } from '../kernel/random.ts'
import { type JwtMetrics, toJwtObserver } from './observe.ts'

interface Parts {
  /** What certificates are issued by as well, the rate limits among it. */
  readonly entitle: Omit<IssueJwtDeps, 'options' | 'signer' | 'observer'>
  readonly authorities: Authorities
  readonly record: IssuanceRecord
  readonly random: RandomBytes
  readonly log: Log
  readonly metrics: JwtMetrics
}

/** Opens what gives JWT-SVIDs. */
export function openJwts(config: Config, { entitle, authorities, record, random, log, metrics }: Parts): JwtPorts {
  const { issuer, svidTtl } = config.authority.jwt
  const { minTtl, rejectOverMax } = config.issuance
  const keys = jwtKeysOf({
    authorities: () => authorities.list(),
    sequence: () => authorities.current().sequence,
    signerOf: (authority) => authorities.signerOf(authority),
  })
  const jwts = new JwtIssuer({
    ...entitle,
    options: { trustDomain: config.trustDomain, defaultTtl: svidTtl, maxTtl: svidTtl, minTtl, rejectOverMax },
    signer: new JwtSigner({ keys, record, clock: entitle.clock, random, issuer }),
    observer: toJwtObserver(log, metrics),
  })
  return {
    issue: (request) => jwts.issue(request),
    onUnread: (request) => jwts.unread(request),
    keys,
    issuer,
  }
}
