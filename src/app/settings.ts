import { readFileSync } from 'node:fs'
import type { IssuanceOptions } from '../ca/issue-certificate.ts'
import type { Config, SecretReference } from '../config/config.ts'
import { KeyFileError } from '../pki/file-keys.ts'

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

/** The passphrase that a reference names; null without one. Throws `KeyFileError` when it is not there. */
export function readPassphrase(reference: SecretReference | undefined, env: NodeJS.ProcessEnv): string | null {
  if (reference === undefined) return null
  const text = 'file' in reference ? readPassphraseFile(reference.file) : env[reference.env]
  if (text === undefined || text === '') {
    const where = 'file' in reference ? reference.file : `the environment variable ${reference.env}`
    throw new KeyFileError(`authority.keys.passphrase: ${where} is empty`)
  }
  return text
}

function readPassphraseFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new KeyFileError(
      `authority.keys.passphrase: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    )
  }
}
