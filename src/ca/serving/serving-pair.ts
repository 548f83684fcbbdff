import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Clock, UnixSeconds } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { ExposedKeyError, privateKeyPem, readPrivateKey } from '../../pki/file-keys.ts'
import type { SubjectNames } from '../../pki/profile.ts'
import type { Authorities } from '../authorities.ts'
import type { Authority } from '../authority.ts'
import { issuerChainOf } from '../cross-chain.ts'
import { active } from '../rotation/slots.ts'

/** Where the pair of the service lies, and what it is for. */
export interface ServingFiles {
  /** `spiffe://<td>/ns/<rootNamespace>/sa/alcazar` with the DNS names and addresses of the listeners. */
  readonly names: Required<SubjectNames>
  readonly certificateFile: string
  readonly keyFile: string
  readonly passphrase: string | null
}

export interface ReadPairDeps {
  readonly authorities: Authorities
  readonly clock: Clock
  readonly log: Log
}

/** The service's certificate with its chain, and its key: PEM. */
export interface ServingPair {
  readonly cert: string
  readonly key: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
}

/** True from half its life on. */
function isDue({ notBefore, notAfter }: ServingPair, clock: Clock): boolean {
  return clock.now() / 1000 >= (notBefore + notAfter) / 2
}

/** Whether a pair that was read shall be used. */
type Fits = (pair: ServingPair, deps: ReadPairDeps, files: ServingFiles) => boolean

/** The pair on disk, or null when a new one has to be issued; only a key that others can read ends the start. */
export async function readPair(deps: ReadPairDeps, files: ServingFiles, isFit: Fits): Promise<ServingPair | null> {
  try {
    const pair = await readStoredPair(files)
    return pair !== null && isFit(pair, deps, files) ? pair : null
  } catch (error) {
    if (error instanceof ExposedKeyError) throw error
    deps.log.warn('serving_certificate.replaced', { error })
    return null
  }
}

/** Null when there is none, or its key is not its own. */
async function readStoredPair(files: ServingFiles): Promise<ServingPair | null> {
  const key = await readPrivateKey(files.keyFile, files.passphrase).catch(nullWhenMissing)
  const cert = await readFile(files.certificateFile, 'utf8').catch(nullWhenMissing)
  if (key === null || cert === null) return null
  const leaf = new X509Certificate(cert)
  const pair: ServingPair = {
    cert,
    key: privateKeyPem(key, null),
    notBefore: Date.parse(leaf.validFrom) / 1000,
    notAfter: Date.parse(leaf.validTo) / 1000,
  }
  return leaf.checkPrivateKey(key) ? pair : null
}

/** Not due yet, with the names of now and from the authority that signs now. */
export function fits(pair: ServingPair, { authorities, clock }: ReadPairDeps, { names }: ServingFiles): boolean {
  const leaf = new X509Certificate(pair.cert)
  return hasNames(leaf, names) && isOurs(pair.cert, leaf, authorities) && !isDue(pair, clock)
}

/** Signed by the authority that signs now, with the chain that its leaves have now. */
function isOurs(cert: string, leaf: X509Certificate, authorities: Authorities): boolean {
  const signer = active(authorities.view(), 'intermediate')
  return (
    signer !== undefined &&
    hasChainOf(signer, cert, authorities) &&
    leaf.verify(new X509Certificate(signer.certificate).publicKey)
  )
}

/** Whether the leaf comes with the chain that leaves of this authority have now, the cross-certificates of its root among it. */
export function hasChainOf(signer: Authority, cert: string, authorities: Pick<Authorities, 'list'>): boolean {
  return cert.endsWith(issuerChainOf(authorities.list(), signer).join(''))
}

function hasNames(leaf: X509Certificate, names: Required<SubjectNames>): boolean {
  const present = new Set((leaf.subjectAltName ?? '').split(', '))
  const uri = present.has(`URI:${names.uri}`)
  return (
    uri &&
    names.dns.every((name) => present.has(`DNS:${name}`)) &&
    present.size === 1 + names.dns.length + names.ips.length
  )
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
