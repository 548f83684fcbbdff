import { Authorities } from '../ca/authorities.ts'
import { DenyList } from '../ca/deny/deny-list.ts'
import { Revocations } from '../ca/deny/revocations.ts'
import type { Federation } from '../ca/federation/federation.ts'
import { ForeignCertificates } from '../ca/federation/foreign-trust.ts'
import type { Config } from '../config/config.ts'
import { Attestation } from '../identity/attest.ts'
import { JoinTokens } from '../identity/join-token.ts'
import { openFirstImport } from './authority-import.ts'
import type { Base } from './base.ts'
import { toDenied } from './crl.ts'
import { publishFiles } from './data-directory.ts'
import { openFederation } from './federation.ts'
import type { Storage } from './storage.ts'
import { reportUnknownKeys } from './unknown-keys.ts'

/** Who is believed: authorities, ours and foreign ones, what was denied, and who asks. */
export interface Trust {
  readonly authorities: Authorities
  readonly denyList: DenyList
  readonly revocations: Revocations
  /** Foreign trust domains and their bundles. */
  readonly federation: Federation
  readonly joinTokens: JoinTokens
  readonly attestation: Attestation
}

/** Opens the authorities, the first start with those of an import or new ones, and what is judged by them. */
export async function openTrust(config: Config, parts: Base & Storage): Promise<Trust> {
  const { store, clock, log, random, live, closers } = parts
  const authorities = await openAuthorities(config, parts)
  const denyList = await DenyList.open(store)
  const revocations = await Revocations.open(store)
  const federation = await openFederation(config, { store, authorities, clock, log })
  closers.add('federation', () => federation.close())
  const settings = () => ({
    trustDomain: config.trustDomain,
    maxTtlSeconds: live.current.attestation.joinToken.maxTtl,
  })
  const joinTokens = new JoinTokens({ store, clock, random, settings })
  const foreign = new ForeignCertificates(federation, clock)
  const denied = toDenied(denyList, revocations)
  const attestation = Attestation.open(config, { issuers: authorities, foreign, denied, joinTokens, clock, log })
  closers.add('attestation', () => attestation.close())
  return { authorities, denyList, revocations, federation, joinTokens, attestation }
}

async function openAuthorities(config: Config, parts: Base & Storage): Promise<Authorities> {
  const { store, keys, directory, clock, random, log } = parts
  await openFirstImport(config, parts)
  const authorities = await Authorities.open(
    { store, keys, clock, random, log, publish: (all, bundle) => publishFiles(directory, all, bundle) },
    { trustDomain: config.trustDomain, ...config.authority },
  )
  await reportUnknownKeys(directory.keys, authorities.list(), log)
  return authorities
}
