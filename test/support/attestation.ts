import { Attestation } from '../../src/identity/attest.ts'
import type { AttestationPorts } from '../../src/identity/compile-attestation.ts'
import { JoinTokens } from '../../src/identity/join-token.ts'
import type { JoinToken, JoinTokenStore } from '../../src/identity/join-token-store.ts'
import type { AttestationOptions, JwtRule } from '../../src/identity/options.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { Page } from '../../src/kernel/page.ts'
import { openRandomPool } from '../../src/kernel/random.ts'
import type { TokenKey } from './jwt-maker.ts'

/** Join tokens in memory. */
export class FakeJoinTokenStore implements JoinTokenStore {
  readonly tokens: JoinToken[] = []

  async createToken(token: JoinToken): Promise<void> {
    this.tokens.unshift(token)
  }

  async findTokenByHash(hash: Buffer): Promise<JoinToken | null> {
    return this.tokens.find((token) => token.hash.equals(hash)) ?? null
  }

  async listTokens(): Promise<Page<JoinToken>> {
    return { items: this.tokens, next: null }
  }

  async revokeToken(id: string): Promise<boolean> {
    return this.change(id, { revoked: true })
  }

  /** Replaces fields of the token; false when there is none. */
  change(id: string, fields: Partial<JoinToken>): boolean {
    const index = this.tokens.findIndex((token) => token.id === id)
    const token = this.tokens[index]
    if (token === undefined) return false
    this.tokens[index] = { ...token, ...fields }
    return true
  }
}

/** A rule for Kubernetes tokens whose keys stand in the configuration. */
export function inlineRule(keys: readonly TokenKey[], more: Partial<JwtRule> = {}): JwtRule {
  return {
    issuer: 'https://kubernetes.default.svc.cluster.local',
    audiences: ['istio-ca'],
    jwks: { inline: { keys: keys.map((key) => key.jwk) } },
    identity: 'kubernetes',
    singleUse: false,
    allowPrivateAddress: false,
    ...more,
  }
}

/** Options with everything switched on and nobody configured. */
export function attestationOptions(
  more: Partial<AttestationOptions> & { readonly jwt?: readonly JwtRule[] } = {},
): AttestationOptions {
  const { jwt, ...others } = more
  return {
    trustDomain: 'cluster.local',
    attestation: {
      jwt: jwt ?? [],
      clientCertificate: { enabled: true, foreign: [] },
      joinToken: { enabled: true, maxTtl: 86_400 },
    },
    impersonation: [],
    admins: [],
    limits: { token: 8192 },
    ...others,
  }
}

export interface TestAttestation {
  readonly attestation: Attestation
  readonly joinTokens: JoinTokens
  readonly store: FakeJoinTokenStore
}

/** Attestation that trusts no certificates unless `ports` say so. */
export function testAttestation(
  options: AttestationOptions,
  clock: Clock,
  ports: Partial<AttestationPorts> = {},
): TestAttestation {
  const store = new FakeJoinTokenStore()
  const settings = () => ({
    trustDomain: options.trustDomain,
    maxTtlSeconds: options.attestation.joinToken.maxTtl,
  })
  const joinTokens = new JoinTokens({ store, clock, random: openRandomPool(), settings })
  const attestation = Attestation.open(options, {
    issuers: { version: 1, find: () => null },
    foreign: { version: 1, trustedUntil: () => null },
    denied: { has: () => false },
    joinTokens,
    clock,
    log: silentLog,
    ...ports,
  })
  return { attestation, joinTokens, store }
}
