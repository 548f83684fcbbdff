import type { JwtIssuer } from './attest-jwt.ts'
import { compileIdentityRule } from './identity-rule.ts'
import { type KeySourceDeps, openKeySource } from './jwks.ts'
import type { KeySource } from './key-source.ts'
import type { AttestationOptions, JwtRule } from './options.ts'

export interface JwtIssuers {
  readonly byName: ReadonlyMap<string, JwtIssuer>
  /** By what they were opened for; whoever replaces them closes those that are gone. */
  readonly keySources: ReadonlyMap<string, KeySource>
}

/** Opens the configured issuers, whose rules were checked; sources of `known` that are still wanted go on with their keys. */
export function openJwtIssuers(
  options: AttestationOptions,
  deps: KeySourceDeps,
  known: ReadonlyMap<string, KeySource>,
): JwtIssuers {
  const byName = new Map<string, JwtIssuer>()
  const keySources = new Map<string, KeySource>()
  for (const rule of options.attestation.jwt) {
    const { issuer, audiences, singleUse } = rule
    const identityOf = compileIdentityRule(rule.identity, options.trustDomain)
    if (typeof identityOf === 'string') throw new TypeError(`unchecked identity rule of ${issuer}: ${identityOf}`)
    const name = nameOfSource(rule)
    const keys = known.get(name) ?? openKeySource(rule, deps)
    keySources.set(name, keys)
    byName.set(issuer, { issuer, audiences, keys, identityOf, singleUse })
  }
  return { byName, keySources }
}

function nameOfSource({ issuer, jwks, allowPrivateAddress }: JwtRule): string {
  return JSON.stringify([issuer, jwks, allowPrivateAddress])
}
