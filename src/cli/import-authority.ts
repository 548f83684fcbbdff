import { basename } from 'node:path'
import { type CaMaterial, readCaDirectory } from '../pki/ca-directory.ts'
import { toText } from './cells.ts'
import { CommandError, NegativeResult } from './command-error.ts'
import type { ImportCommandOptions } from './commands/authority-import.ts'
import { type Json, type JsonObject, objectsOf } from './json.ts'
import { readInput } from './read-input.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'

const MAX_FILE_BYTES = 256 * 1024

/** What is sent, and what is wrong with the files themselves. */
interface Found {
  readonly material: CaMaterial | null
  readonly findings: readonly JsonObject[]
}

/** Sends what the files hold to be judged, and unless it is a dry run taken; exits 1 when it is not fit. */
export async function importAuthority(
  session: Session,
  directory: string | undefined,
  options: ImportCommandOptions,
): Promise<void> {
  const { material, findings } = await readMaterial(directory, options)
  if (material === null) {
    session.show({ accepted: false, id: null, adopted: [], findings }, () => toVerdict(session, false, findings))
    throw new NegativeResult()
  }
  const isDryRun = options.dryRun === true
  const answer = await send(session, material, options)
  const all = [...findings, ...objectsOf(answer, 'findings')]
  session.show({ ...answer, findings: all }, () => {
    return `${toVerdict(session, answer.accepted === true, all)}${toNext(session, answer, isDryRun ? 'would be' : 'is')}`
  })
  if (answer.accepted !== true) throw new NegativeResult()
}

async function readMaterial(directory: string | undefined, options: ImportCommandOptions): Promise<Found> {
  const { certificate, key, chain, root } = options
  if ((directory === undefined) === (certificate === undefined)) {
    throw CommandError.of('usage', 'give a directory, or --certificate')
  }
  if (directory !== undefined) {
    if (key ?? chain ?? root) throw CommandError.of('usage', 'a directory has its own key, chain and root')
    const { material, findings } = await readCaDirectory(directory)
    return { material, findings: findings.map((finding) => ({ ...finding })) }
  }
  const named = await readNamed(certificate ?? '')
  const optional = (file: string | undefined) => (file === undefined ? null : readNamed(file))
  const material = { key: await optional(key), chain: await optional(chain), roots: await optional(root) }
  return { material: { certificate: named, ...material }, findings: [] }
}

async function readNamed(file: string): Promise<{ readonly name: string; readonly text: string }> {
  const bytes = await readInput(file, MAX_FILE_BYTES)
  if (bytes.length > MAX_FILE_BYTES)
    throw CommandError.of('file.unreadable', `\`${file}\` is larger than 256 KiB: it is none of an authority`)
  return { name: basename(file), text: bytes.toString('utf8') }
}

/** Every finding of a refusal is told before it is thrown. */
async function send(session: Session, material: CaMaterial, options: ImportCommandOptions): Promise<JsonObject> {
  const given = Object.entries(material).filter((entry): entry is [string, NonNullable<(typeof entry)[1]>] => {
    return entry[1] !== null
  })
  const { reason, dryRun } = options
  const body: JsonObject = {
    ...Object.fromEntries<Json>(given),
    ...(dryRun === true ? { dryRun } : {}),
    ...(reason === undefined ? {} : { reason }),
  }
  try {
    return await session.client().json({ method: 'POST', path: '/v1/authorities/import', body })
  } catch (error) {
    if (error instanceof CommandError && error.code === 'authority.import_refused') tellFaults(session, error)
    throw error
  }
}

function tellFaults({ io, options }: Session, { detail = {} }: CommandError): void {
  if (options.output !== 'table') return
  for (const { path, code, message } of objectsOf(detail, 'errors')) {
    io.stderr.write(`${toSafeText(`${toText(path)}: ${toText(message)} [${toText(code)}]`)}\n`)
  }
}

/** The findings, and whether what they are about may sign. */
export function toVerdict({ style }: Session, isAccepted: boolean, findings: readonly JsonObject[]): string {
  const lines = findings.map(({ level, file, code, text }) => {
    const paint = level === 'error' ? style.bad : style.warn
    return `${paint(toText(level))}: ${toSafeText(`${toText(file)}: ${toText(text)}`)} ${style.dim(`[${toSafeText(toText(code))}]`)}\n`
  })
  return `${lines.join('')}${isAccepted ? style.good('fit to sign here') : style.bad('NOT FIT to sign here')}\n`
}

function toNext(session: Session, { accepted, id, adopted }: JsonObject, verb: string): string {
  if (accepted !== true) return ''
  if (!Array.isArray(adopted) || adopted.length === 0)
    return `nothing to do: ${toSafeText(toText(id))} is known already\n`
  const lines = objectsOf({ adopted }, 'adopted').map(({ kind, id: one, state }) => {
    return `${toSafeText(`the ${toText(kind)} ${toText(one)} ${verb} ${toText(state)}`)}\n`
  })
  if (!objectsOf({ adopted }, 'adopted').some(({ state }) => state === 'prepared')) return lines.join('')
  const hint = `let it sign with \`alcazar authority activate ${toText(id)}\`, which waits until its root has spread`
  return `${lines.join('')}${session.style.dim(toSafeText(hint))}\n`
}
