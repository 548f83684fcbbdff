import type { Clock, UnixMillis } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { openTurns } from '../../kernel/turns.ts'
import { buildAuthorityCsr } from '../../pki/build-authority-csr.ts'
import type { CaMaterial } from '../../pki/ca-directory.ts'
import { error } from '../../pki/explain/findings.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { SubjectNames } from '../../pki/profile.ts'
import type { Authority } from '../authority.ts'
import type { KeyProvider } from '../key-provider.ts'
import { adoptKey, findForeignKey } from './adopt-key.ts'
import { checkImport } from './check-import.ts'
import type { AuthorityIntake, ImportNote } from './intake.ts'
import { toAuthorities } from './to-authorities.ts'
import type { ImportedAuthority } from './verdict.ts'

export interface ImporterDeps {
  readonly keys: KeyProvider
  readonly intake: AuthorityIntake
  /** All authorities of this service. */
  readonly known: () => readonly Authority[]
  /** PEM of the roots in the bundle. */
  readonly trustedRoots: () => readonly string[]
  readonly clock: Clock
  readonly trustDomain: string
  readonly defaultTtlSeconds: number
  readonly ownNames: Required<SubjectNames>
  /** Appends to the record of what administrators did. */
  readonly record: (action: { readonly at: UnixMillis; readonly actor: string; readonly id: string }) => Promise<void>
}

/** What was thought of an import, and what it changes. */
export interface ImportOutcome {
  readonly accepted: boolean
  readonly findings: readonly FileFinding[]
  /** Its intermediate, where it is accepted. */
  readonly id: string | null
  /** What was adopted, or would be; nothing where all of it is known already. */
  readonly authorities: readonly Authority[]
}

/** A key that waits for its certificate. */
interface AuthorityCsr {
  readonly id: string
  readonly keyType: KeyType
  /** PEM */
  readonly csr: string
}

/** Brings authorities of one's own into the service. */
export interface Importer {
  /** Judges and changes nothing. */
  check(material: CaMaterial): Promise<ImportOutcome>
  /** Judges, stores the key and hands the authorities to rotation; nothing of it where an error was found. */
  import(material: CaMaterial, note: ImportNote): Promise<ImportOutcome>
  /** A new key of this service and a CSR for it, to be signed elsewhere; its certificate is imported without a key. */
  createCsr(keyType: KeyType, actor: string): Promise<AuthorityCsr>
}

/** Imports take turns: what one judges by, another must not change meanwhile. */
export function openImporter(deps: ImporterDeps): Importer {
  const takeTurn = openTurns()
  return {
    check: async (material) => (await judge(material, deps, {})).outcome,
    import: (material, note) => takeTurn(() => importNow(material, note, deps)),
    async createCsr(keyType, actor) {
      const { id, signer } = await deps.keys.create(keyType)
      const csr = await buildAuthorityCsr(signer, deps.trustDomain)
      await deps.record({ at: deps.clock.now(), actor, id })
      return { id, keyType, csr }
    },
  }
}

async function importNow(material: CaMaterial, note: ImportNote, deps: ImporterDeps): Promise<ImportOutcome> {
  const { outcome, imported } = await judge(material, deps, note)
  if (!outcome.accepted || imported === null || outcome.authorities.length === 0) return outcome
  await adoptKey(imported, deps.keys) // first: a stored authority has its key
  await deps.intake.adopt(outcome.authorities, note)
  return outcome
}

interface Judged {
  readonly outcome: ImportOutcome
  readonly imported: ImportedAuthority | null
}

async function judge(
  material: CaMaterial,
  deps: ImporterDeps,
  { isWhole = false }: Pick<ImportNote, 'isWhole'>,
): Promise<Judged> {
  const now = deps.clock.now()
  const { trustDomain, defaultTtlSeconds, ownNames } = deps
  const trustedRoots = deps.trustedRoots()
  const options = { trustDomain, defaultTtlSeconds, ownNames, trustedRoots, now: Math.floor(now / 1000) }
  const verdict = checkImport(material, options)
  const { imported } = verdict
  if (imported === null) return refused(verdict.findings)
  const change = toAuthorities(imported, deps.known(), { now, isWhole })
  const findings = [...verdict.findings, ...change.findings, ...(await findKey(imported, material, deps))]
  if (findings.some(({ level }) => level === 'error')) return refused(findings)
  return { imported, outcome: { accepted: true, findings, id: imported.id, authorities: change.authorities } }
}

/** A certificate without a key is for one that was made here, for a CSR. */
async function findKey(
  { id, key }: ImportedAuthority,
  material: CaMaterial,
  { keys }: ImporterDeps,
): Promise<readonly FileFinding[]> {
  if (key !== null) return findForeignKey(material, keys)
  if (await keys.has(id)) return []
  const text = `the key of authority \`${id}\` is not here: give it, or let a CSR of \`alcazar authority csr\` be signed`
  return [{ file: material.certificate.name, ...error('key.missing', text) }]
}

function refused(findings: readonly FileFinding[]): Judged {
  return { imported: null, outcome: { accepted: false, findings, id: null, authorities: [] } }
}

/** The refusal of an import as an error, with every finding as a fault; the first error speaks. */
export function toRefusal(findings: readonly FileFinding[]): AppError {
  const errors = findings.filter(({ level }) => level === 'error')
  const [first] = errors
  const more = errors.length > 1 ? `; and ${errors.length - 1} more` : ''
  const faults = errors.map(({ file, code, text }) => ({ document: 0, path: file, code, message: text }))
  return new AppError('authority.import_refused', `${first?.file}: ${first?.text}${more}`, { faults })
}
