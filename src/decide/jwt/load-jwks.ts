import { readFile } from 'node:fs/promises'
import { FetchError, type FetchOptions, fetchDocument } from '../../identity/fetch-document.ts'
import { isJsonObject } from '../../kernel/json-object.ts'
import { parseStrictJsonBytes, StrictJsonError } from '../../kernel/strict-json.ts'
import { type JwkSet, toJwkSet } from './jwk-set.ts'
import type { RemoteKeyReference } from './key-reference.ts'

export interface LoadOptions {
  readonly allowPrivateAddress: boolean
  /** PEM of the authorities to trust; null: the public ones. */
  readonly caFile: string | null
  /** Ends the fetch when nobody wants it any more. */
  readonly closing: AbortSignal
}

const MAX_DEPTH = 16

/** Fetches the keys within the time of the reference, discovery included; rejects with a `FetchError`. */
export async function loadJwks(reference: RemoteKeyReference, options: LoadOptions): Promise<JwkSet> {
  const fetching: FetchOptions = {
    allowPrivateAddress: options.allowPrivateAddress,
    ...(options.caFile === null ? {} : { ca: await readFile(options.caFile, 'utf8') }),
    signal: AbortSignal.any([options.closing, AbortSignal.timeout(reference.timeoutMs)]),
  }
  const address =
    reference.from === 'uri' ? reference.address : await discover(reference.address.replace(/\/$/, ''), fetching)
  const keys = toJwkSet((await fetchDocument(address, fetching)).toString('utf8'))
  if (keys.keys.length === 0) throw new FetchError(`${address} holds no usable key`)
  return keys
}

/** OpenID Connect Discovery 1.0 §4; like istiod, it does not ask which issuer the document names. */
async function discover(issuer: string, options: FetchOptions): Promise<string> {
  const address = `${issuer}/.well-known/openid-configuration`
  const document = parse(await fetchDocument(address, options))
  const uri = isJsonObject(document) ? document.jwks_uri : undefined
  if (typeof uri !== 'string') throw new FetchError(`${address} has no \`jwks_uri\``)
  return uri
}

function parse(bytes: Buffer): unknown {
  try {
    return parseStrictJsonBytes(bytes, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (error instanceof StrictJsonError) return null
    throw error
  }
}
