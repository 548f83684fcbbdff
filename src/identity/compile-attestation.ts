import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { type Administrators, compileAdministrators } from './administrators.ts'
import { ClientCertificateAttestation, type Denied, type TrustedIssuers } from './attest-client-certificate.ts'
import { ForeignCertificateAttestation, type ForeignTrust } from './attest-foreign-certificate.ts'
import { JwtAttestation } from './attest-jwt.ts'
import type { AttestedCaller } from './evidence.ts'
import { compileImpersonation, type Impersonation } from './impersonation.ts'
import type { JoinTokens } from './join-token.ts'
import { openJwtIssuers } from './jwt-issuers.ts'
import type { KeySource } from './key-source.ts'
import { type AttestationOptions, AttestationOptionsError } from './options.ts'
import { problemsOfAttestation } from './options-problems.ts'
import { parseSpiffeId } from './spiffe-id.ts'

export interface AttestationPorts {
  readonly issuers: TrustedIssuers
  /** Asked for clients of the trust domains in `attestation.clientCertificate.foreign`. */
  readonly foreign: ForeignTrust
  readonly denied: Denied
  readonly joinTokens: JoinTokens
  readonly clock: Clock
  readonly log: Log
}

/** Everything that one version of the options was compiled into. */
export interface CompiledAttestation {
  readonly options: AttestationOptions
  readonly certificate: ClientCertificateAttestation
  readonly foreign: ForeignCertificateAttestation
  readonly jwt: JwtAttestation
  readonly keySources: ReadonlyMap<string, KeySource>
  readonly impersonation: Impersonation
  readonly administrators: Administrators
  readonly local: AttestedCaller
}

/** Throws `AttestationOptionsError` with every problem; takes key sources that are `known`, and opens the others. */
export function compileAttestation(
  options: AttestationOptions,
  ports: AttestationPorts,
  known: ReadonlyMap<string, KeySource>,
): CompiledAttestation {
  const problems = problemsOfAttestation(options)
  if (problems.length > 0) throw new AttestationOptionsError(problems)
  const { trustDomain, limits } = options
  const { issuers, foreign, denied, clock } = ports
  const jwtIssuers = openJwtIssuers(options, ports, known)
  const foreignCertificate = new ForeignCertificateAttestation({
    entries: options.attestation.clientCertificate.foreign,
    trust: foreign,
    denied,
    clock,
  })
  return {
    options,
    certificate: new ClientCertificateAttestation({ trustDomain, issuers, denied, clock }),
    foreign: foreignCertificate,
    jwt: new JwtAttestation({ issuers: jwtIssuers.byName, maxTokenBytes: limits.token, clock }),
    keySources: jwtIssuers.keySources,
    impersonation: compileImpersonation(options),
    administrators: compileAdministrators(options.admins, (identity) => foreignCertificate.accepts(identity)),
    local: localAdministrator(trustDomain),
  }
}

/** The admin socket acts as the trust domain itself, an identity that no workload can have. */
function localAdministrator(trustDomain: string): AttestedCaller {
  return { identity: parseSpiffeId(`spiffe://${trustDomain}`, 'internal'), attestor: 'admin', subject: 'local' }
}
