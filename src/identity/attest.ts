import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { type Administrators, compileAdministrators } from './administrators.ts'
import { ClientCertificateAttestation, type Denied, type TrustedIssuers } from './attest-client-certificate.ts'
import { ForeignCertificateAttestation, type ForeignTrust } from './attest-foreign-certificate.ts'
import { JwtAttestation } from './attest-jwt.ts'
import type { AttestedCaller, Evidence, Role } from './evidence.ts'
import { compileImpersonation, type Impersonation } from './impersonation.ts'
import { JOIN_TOKEN_PREFIX, type JoinTokens } from './join-token.ts'
import { openJwtIssuers } from './jwt-issuers.ts'
import type { KeySource } from './key-source.ts'
import { type AttestationOptions, AttestationOptionsError } from './options.ts'
import { problemsOfAttestation } from './options-problems.ts'
import { type Outcome, settle, tryProof } from './proofs.ts'
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
interface Compiled {
  readonly options: AttestationOptions
  readonly certificate: ClientCertificateAttestation
  readonly foreign: ForeignCertificateAttestation
  readonly jwt: JwtAttestation
  readonly keySources: ReadonlyMap<string, KeySource>
  readonly impersonation: Impersonation
  readonly administrators: Administrators
  readonly local: AttestedCaller
}

type Result = AttestedCaller | Promise<AttestedCaller>
/** Judges a client certificate, DER. */
type AttestCertificate = (leaf: Buffer) => AttestedCaller

/** Who asks: turns evidence into an attested caller, by the options in force. */
export class Attestation {
  readonly #ports: AttestationPorts
  #compiled: Compiled

  private constructor(ports: AttestationPorts, compiled: Compiled) {
    this.#ports = ports
    this.#compiled = compiled
  }

  /** Throws `AttestationOptionsError` with every problem of the options; keys are read in the background. */
  static open(options: AttestationOptions, ports: AttestationPorts): Attestation {
    return new Attestation(ports, compile(options, ports, new Map()))
  }

  /** At once where nothing has to be read or verified; throws or rejects with an `auth.…` code, or `issue.denied`. */
  attest(evidence: Evidence): Result {
    const compiled = this.#compiled // one version of the options for the whole of it
    return this.#attest(compiled, evidence, (leaf) => compiled.certificate.attest(leaf))
  }

  /** The same for routes that only show something: also clients of foreign trust domains, where the options accept them. */
  attestViewer(evidence: Evidence): Result {
    const compiled = this.#compiled
    return this.#attest(compiled, evidence, (leaf) => {
      return compiled.foreign.concerns(leaf) ? compiled.foreign.attest(leaf) : compiled.certificate.attest(leaf)
    })
  }

  #attest(compiled: Compiled, evidence: Evidence, attestCertificate: AttestCertificate): Result {
    if (evidence.localAdmin === true && evidence.joinToken === undefined)
      return impersonated(compiled, compiled.local, evidence)
    const outcomes = this.#tryProofs(compiled, evidence, attestCertificate)
    const decide = (settled: readonly Outcome[]) =>
      impersonated(compiled, this.#refuseDenied(settle(settled)), evidence)
    return outcomes.every(isSettled) ? decide(outcomes) : Promise.all(outcomes).then(decide)
  }

  roleOf(caller: AttestedCaller): Role | null {
    return this.#compiled.administrators.roleOf(caller)
  }

  /** Throws `auth.forbidden` unless the caller's role is at least `minimum`. */
  requireRole(caller: AttestedCaller, minimum: Role): void {
    this.#compiled.administrators.requireRole(caller, minimum)
  }

  /** Puts other options in force, all at once; when they have problems it throws and the old ones stay. */
  reload(options: AttestationOptions): void {
    const old = this.#compiled.keySources
    this.#compiled = compile(options, this.#ports, old)
    for (const [key, source] of old) if (!this.#compiled.keySources.has(key)) source.close()
  }

  /** Ends the reading of keys. */
  close(): void {
    for (const source of this.#compiled.keySources.values()) source.close()
  }

  /** In the order of precedence: client certificate, bearer, join token of the body. */
  #tryProofs(
    compiled: Compiled,
    evidence: Evidence,
    attestCertificate: AttestCertificate,
  ): (Outcome | Promise<Outcome>)[] {
    const { clientCertificate, bearer, joinToken } = evidence
    const { attestation } = compiled.options
    const outcomes: (Outcome | Promise<Outcome>)[] = []
    if (clientCertificate !== undefined && attestation.clientCertificate.enabled) {
      outcomes.push(tryProof(() => attestCertificate(clientCertificate)))
    }
    if (bearer !== undefined) {
      const isJoinToken = bearer.startsWith(JOIN_TOKEN_PREFIX)
      outcomes.push(
        tryProof(() => (isJoinToken ? this.#attestJoinToken(compiled, bearer) : compiled.jwt.attest(bearer))),
      )
    }
    if (joinToken !== undefined) outcomes.push(tryProof(() => this.#attestJoinToken(compiled, joinToken)))
    return outcomes
  }

  /** Whoever is denied also acts for nobody else and administers nothing (hostile 72). */
  #refuseDenied(caller: AttestedCaller): AttestedCaller {
    const { uri } = caller.identity
    if (this.#ports.denied.has('identity', uri)) throw new AppError('issue.denied', `\`${uri}\` is on the deny list`)
    return caller
  }

  #attestJoinToken(compiled: Compiled, token: string): Promise<AttestedCaller> {
    if (compiled.options.attestation.joinToken.enabled) return this.#ports.joinTokens.attest(token)
    throw new AppError('auth.token_unknown', 'join tokens are not accepted here')
  }
}

function compile(
  options: AttestationOptions,
  ports: AttestationPorts,
  known: ReadonlyMap<string, KeySource>,
): Compiled {
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

function impersonated(compiled: Compiled, caller: AttestedCaller, evidence: Evidence): AttestedCaller {
  const { impersonate } = evidence
  if (impersonate === undefined || impersonate === '') return caller // ca §1.8: an empty name is none
  const identity = compiled.impersonation.resolve(caller.identity, impersonate)
  return { ...caller, identity, impersonatedBy: caller.identity }
}

function isSettled(outcome: Outcome | Promise<Outcome>): outcome is Outcome {
  return !(outcome instanceof Promise)
}
