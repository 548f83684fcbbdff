import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { error, warning } from './explain/findings.ts'
import { type FileFinding, inFile } from './file-finding.ts'

/** A text and the name that people know it by. */
export interface NamedText {
  readonly name: string
  readonly text: string
}

/** What an authority of one's own comes with; no key: it is here already, no roots: they are. */
export interface CaMaterial {
  readonly certificate: NamedText
  readonly key: NamedText | null
  /** Certificates between it and its root. */
  readonly chain: NamedText | null
  readonly roots: NamedText | null
}

/** A directory of such files as it was at one time. */
export interface CaDirectory {
  /** Null where a finding says why. */
  readonly material: CaMaterial | null
  /** What the authorities above have revoked, in the words of whoever runs them; null where nothing is told. */
  readonly crls: NamedText | null
  readonly findings: readonly FileFinding[]
  /** SHA-256 over everything that was read, hex; differs when anything in it is another. Empty where nothing could be read. */
  readonly digest: string
}

/** Without its CRLs an authority signs all the same, so nothing about them is an error. */
type Part = keyof CaMaterial | 'crls'

/** Of `cacerts`, as Istio mounts it, and of secrets of type `kubernetes.io/tls`, as cert-manager writes them. */
const CACERTS = {
  certificate: 'ca-cert.pem',
  key: 'ca-key.pem',
  chain: 'cert-chain.pem',
  roots: 'root-cert.pem',
  crls: 'ca-crl.pem',
}
const TLS = { certificate: 'tls.crt', key: 'tls.key', roots: 'ca.crt' }
const MAX_FILE_BYTES = 256 * 1024
const ATTEMPTS = 5
const PAUSE_MS = 50

/** Reads a directory in the layout of Istio's `cacerts`, or in that of `kubernetes.io/tls` when it has a `tls.crt`; never throws for what is in it. */
export async function readCaDirectory(directory: string): Promise<CaDirectory> {
  const isTls = (await statOf(join(directory, TLS.certificate))) !== null
  const names: Partial<Record<Part, string>> = isTls ? TLS : CACERTS
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await stampOf(directory, names)
    const files = await Promise.all(Object.entries(names).map(([part, name]) => readOne(directory, part as Part, name)))
    if ((await stampOf(directory, names)) === before) return toDirectory(files)
    await setTimeout(PAUSE_MS)
  }
  const finding = inFile(
    directory,
    error('file.changing', 'its files change while they are read: they will be read again'),
  )
  return { material: null, crls: null, findings: [finding], digest: '' }
}

interface ReadFile {
  readonly part: Part
  readonly name: string
  readonly text: string | null
  readonly findings: readonly FileFinding[]
}

function toDirectory(files: readonly ReadFile[]): CaDirectory {
  const find = (part: Part): NamedText | null => {
    const file = files.find((one) => one.part === part)
    return file === undefined || file.text === null ? null : { name: file.name, text: file.text }
  }
  const findings = files.flatMap((file) => file.findings)
  const hash = createHash('sha256')
  for (const { name, text, findings: ofFile } of files) hash.update(JSON.stringify([name, text, ofFile]))
  const certificate = find('certificate')
  const isWhole = certificate !== null && !findings.some(({ level }) => level === 'error')
  const material = isWhole ? { certificate, key: find('key'), chain: find('chain'), roots: find('roots') } : null
  return { material, crls: find('crls'), findings, digest: hash.digest('hex') }
}

async function readOne(directory: string, part: Part, name: string): Promise<ReadFile> {
  const path = join(directory, name)
  const fail = (code: string, text: string) => {
    const finding = part === 'crls' ? warning(code, text) : error(code, text)
    return { part, name, text: null, findings: [inFile(name, finding)] }
  }
  const found = await statOf(path)
  if (found === null && part === 'crls') return { part, name, text: null, findings: [] }
  if (found === null) return fail('file.missing', `there is no such file in \`${directory}\``)
  if (!found.isFile()) return fail('file.unreadable', 'it is no file')
  if (found.size > MAX_FILE_BYTES) return fail('file.too_large', `it is larger than ${MAX_FILE_BYTES} bytes`)
  try {
    return {
      part,
      name,
      text: await readFile(path, 'utf8'),
      findings: part === 'key' ? findExposure(name, found.mode) : [],
    }
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    return fail('file.unreadable', `it cannot be read: ${cause.code}`)
  }
}

/** Hostile 109: a key that everybody on the machine can read is not believed to be secret. */
function findExposure(name: string, mode: number): readonly FileFinding[] {
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  if ((mode & 0o007) !== 0) {
    const remedy = 'run chmod 0600 on it, or set `defaultMode: 0400` on the volume of the secret'
    return [inFile(name, error('key.exposed', `it has mode ${shown}: everybody can read the key; ${remedy}`))]
  }
  if ((mode & 0o070) === 0) return []
  return [inFile(name, warning('key.group_readable', `it has mode ${shown}: its group can read the key`))]
}

/** Follows links, so that a swap of Kubernetes' `..data` shows as other files. */
async function stampOf(directory: string, names: Partial<Record<Part, string>>): Promise<string> {
  const found = await Promise.all(Object.values(names).map((name) => statOf(join(directory, name))))
  return found
    .map((one) => (one === null ? '-' : `${one.dev} ${one.ino} ${one.size} ${one.mtimeMs} ${one.ctimeMs}`))
    .join()
}

/** Null where there is nothing, or nothing that may be looked at. */
async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (cause) {
    if (isSystemError(cause)) return null
    throw cause
  }
}

function isSystemError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
}
