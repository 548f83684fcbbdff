import type { IssuanceOptions } from '../ca/issue/issue-certificate.ts'
import type { Config } from '../config/config.ts'
import { readSecret } from './read-secret.ts'

/** The configuration in force: the whole of it is swapped at a reload, so that a request sees one or the other. */
export interface LiveConfig {
  current: Config
}

/** The part of the configuration that the issuing use case reads. */
export function issuanceOptionsOf(config: Config): IssuanceOptions {
  const { issuance, trustDomain } = config
  return {
    trustDomain,
    trustDomainAliases: [trustDomain, ...config.trustDomainAliases],
    defaultTtl: issuance.defaultTtl,
    maxTtl: issuance.maxTtl,
    minTtl: issuance.minTtl,
    rejectOverMax: issuance.rejectOverMax,
    csrNames: issuance.csrNames,
    keyTypes: new Set(issuance.keyTypes),
    blockedKeys: new Set(issuance.blockedKeys),
  }
}

/** The passphrase of key files; null without one. Throws `key.unusable` when it is not where its reference says. */
export function readPassphrase({ authority: { keys } }: Config, env: NodeJS.ProcessEnv): string | null {
  if (keys.passphrase === undefined) return null
  return readSecret(keys.passphrase, { path: 'authority.keys.passphrase', env })
}
