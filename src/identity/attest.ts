import { AppError } from '../kernel/errors.ts'
import { type AttestationPorts, type CompiledAttestation, compileAttestation } from './compile-attestation.ts'
import type { AttestedCaller, Evidence, Role } from './evidence.ts'
import { JOIN_TOKEN_PREFIX } from './join-token.ts'
import type { AttestationOptions } from './options.ts'
import { type Outcome, settle, tryProof } from './proofs.ts'

type Result = AttestedCaller | Promise<AttestedCaller>
/** Judges a client certificate, DER. */
type AttestCertificate = (leaf: Buffer) => AttestedCaller

/** Who asks: turns evidence into an attested caller, by the options in force. */
export class Attestation {
  readonly #ports: AttestationPorts
  #compiled: CompiledAttestation

  private constructor(ports: AttestationPorts, compiled: CompiledAttestation) {
    this.#ports = ports
    this.#compiled = compiled
  }

  /** Throws `AttestationOptionsError` with every problem of the options; keys are read in the background. */
  static open(options: AttestationOptions, ports: AttestationPorts): Attestation {
    return new Attestation(ports, compileAttestation(options, ports, new Map()))
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

  #attest(compiled: CompiledAttestation, evidence: Evidence, attestCertificate: AttestCertificate): Result {
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
    this.#compiled = compileAttestation(options, this.#ports, old)
    for (const [key, source] of old) if (!this.#compiled.keySources.has(key)) source.close()
  }

  /** Ends the reading of keys. */
  close(): void {
    for (const source of this.#compiled.keySources.values()) source.close()
  }

  /** In the order of precedence: client certificate, bearer, join token of the body. */
  #tryProofs(
    compiled: CompiledAttestation,
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

  #attestJoinToken(compiled: CompiledAttestation, token: string): Promise<AttestedCaller> {
    if (compiled.options.attestation.joinToken.enabled) return this.#ports.joinTokens.attest(token)
    throw new AppError('auth.token_unknown', 'join tokens are not accepted here')
  }
}

function impersonated(compiled: CompiledAttestation, caller: AttestedCaller, evidence: Evidence): AttestedCaller {
  const { impersonate } = evidence
  if (impersonate === undefined || impersonate === '') return caller // ca §1.8: an empty name is none
  const identity = compiled.impersonation.resolve(caller.identity, impersonate)
  return { ...caller, identity, impersonatedBy: caller.identity }
}

function isSettled(outcome: Outcome | Promise<Outcome>): outcome is Outcome {
  return !(outcome instanceof Promise)
}
