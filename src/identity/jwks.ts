import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { parseStrictJsonBytes } from '../kernel/strict-json.ts'
import { type FetchOptions, fetchDocument, MAX_DOCUMENT_BYTES } from './fetch-document.ts'
import { isObject } from './jwt.ts'
import { type KeySource, toStaticKeys } from './key-source.ts'
import type { JwksSource, JwtRule } from './options.ts'
import { type LoadKeys, RefreshingKeys, type RefreshPlan } from './refreshing-keys.ts'
import { type KeySet, KeySetError, toKeySet } from './verification-key.ts'

export interface KeySourceDeps {
  readonly clock: Clock
  readonly log: Log
}

const MAX_DEPTH = 16
const FETCH_TIMEOUT_MS = 5_000
const DAY_MS = 86_400_000
const FILE_PLAN: RefreshPlan = { everyMs: 1_000, cooldownMs: 1_000, keepMs: DAY_MS }
const REMOTE_PLAN: RefreshPlan = { everyMs: 300_000, cooldownMs: 10_000, keepMs: DAY_MS }

/** Opens the keys of `rule.issuer`; they are read in the background at once and read again until `close`. */
export function openKeySource(rule: JwtRule, deps: KeySourceDeps): KeySource {
  const { jwks, issuer } = rule
  if ('inline' in jwks) return toStaticKeys(toKeySet(jwks.inline))
  if ('file' in jwks) return new RefreshingKeys({ ...deps, issuer, load: fileLoader(jwks.file), plan: FILE_PLAN })
  return new RefreshingKeys({ ...deps, issuer, load: () => fetchKeys(rule, jwks), plan: REMOTE_PLAN })
}

/** Reads the file when its time, size or inode has changed; a swapped symbolic link changes the inode. */
function fileLoader(path: string): LoadKeys {
  let seen = ''
  return async () => {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true })
    const state = `${mtimeNs} ${size} ${ino}`
    if (state === seen) return 'unchanged'
    if (size > MAX_DOCUMENT_BYTES) throw new KeySetError(`${path} is longer than ${MAX_DOCUMENT_BYTES} bytes`)
    const keySet = parseKeySet(await readFile(path))
    seen = state
    return keySet
  }
}

type RemoteSource = Exclude<JwksSource, { readonly file: string } | { readonly inline: unknown }>

async function fetchKeys(rule: JwtRule, source: RemoteSource): Promise<KeySet> {
  const options: FetchOptions = {
    allowPrivateAddress: rule.allowPrivateAddress,
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    // read at every fetch: both are rotated under a running process
    ...(source.caFile === undefined ? {} : { ca: await readFile(source.caFile, 'utf8') }),
    ...(source.tokenFile === undefined ? {} : { bearerToken: (await readFile(source.tokenFile, 'utf8')).trim() }),
  }
  const uri = 'uri' in source ? source.uri : await discover(rule.issuer, options)
  return parseKeySet(await fetchDocument(uri, options))
}

/** The `jwks_uri` of OpenID Connect Discovery 1.0 §4: the document must name the very issuer that was asked (§4.3). */
async function discover(issuer: string, options: FetchOptions): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const document = parseStrictJsonBytes(await fetchDocument(address, options), { maxDepth: MAX_DEPTH })
  if (!isObject(document) || document.issuer !== issuer) throw new KeySetError(`${address} names another issuer`)
  if (typeof document.jwks_uri !== 'string') throw new KeySetError(`${address} has no \`jwks_uri\``)
  return document.jwks_uri
}

function parseKeySet(bytes: Buffer): KeySet {
  const keySet = toKeySet(parseStrictJsonBytes(bytes, { maxDepth: MAX_DEPTH }))
  if (keySet.keys.length > 0) return keySet
  throw new KeySetError(`no usable key: ${keySet.skipped.join('; ') || 'the set is empty'}`)
}
