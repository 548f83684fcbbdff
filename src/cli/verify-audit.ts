import type { X509Certificate } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { ExportHead } from '../audit/export-head.ts'
import { ExportVerifier, type VerifiedExport } from '../audit/export-verifier.ts'
import { MalformedExport } from '../audit/malformed-export.ts'
import type { RecordProblem } from '../audit/record-problem.ts'
import { CommandError, NegativeResult } from './command-error.ts'
import { type JsonObject, objectOf, stringOf } from './json.ts'
import { layFields } from './layout.ts'
import { readLines } from './read-lines.ts'
import { readRoots } from './read-roots.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'
import { parseTarget } from './target.ts'

/** A row of an export has some texts of a few KiB; a head has its certificates. */
export const MAX_LINE_BYTES = 1024 * 1024

/** Verifies the record of the running service, part by part; exit code 1 when a row does not fit. */
export async function verifyServer(session: Session): Promise<void> {
  const client = session.client()
  let checked = 0
  let after: string | undefined
  let problem: JsonObject | null = null
  do {
    const part = await client.json({ method: 'GET', path: '/v1/audit/verification', query: { after } })
    checked += Number(part.checked)
    after = typeof part.next === 'string' ? part.next : undefined
    problem = part.problem === null ? null : objectOf(part, 'problem')
  } while (after !== undefined)
  const message = problem === null ? null : stringOf(problem, 'message')
  session.show({ ok: problem === null, checked, problem }, () => {
    if (message === null) return `${session.style.good('whole')}: ${checked} rows fit\n`
    return `${session.style.bad('NOT WHOLE')}: ${toSafeText(message)}; ${checked} rows fit before it\n`
  })
  if (problem !== null) throw new NegativeResult()
}

export interface Fault {
  readonly file: string
  readonly line: number
  readonly message: string
  readonly problem: RecordProblem | null
}

export interface Whole extends VerifiedExport {
  readonly file: string
}

/** Verifies exports against trusted roots, and that each goes on where the one before ended; exit code 1 when not. */
export async function verifyExports(session: Session, files: readonly string[]): Promise<void> {
  const roots = await trustedRoots(session)
  const whole: Whole[] = []
  let fault: Fault | null = null
  for (const file of files) {
    const result = await verifyExport(file, { roots, earlier: whole.at(-1)?.head ?? null })
    if ('message' in result) {
      fault = result
      break
    }
    whole.push(result)
  }
  session.show({ ok: fault === null, files: whole.map(toJson), problem: fault }, () => {
    return whole.map((one) => toView(one, session)).join('') + (fault === null ? '' : toFaultView(fault, session))
  })
  if (fault !== null) throw new NegativeResult()
}

/** Of `--cacert`, or of the bundle that the service keeps beside its admin socket. */
export async function trustedRoots({ options }: Session): Promise<readonly X509Certificate[]> {
  if (options.cacert !== undefined) return readRoots(options.cacert)
  const target = parseTarget(options)
  if (target.kind !== 'socket') throw CommandError.of('usage', 'say with --cacert which roots are trusted')
  return readRoots(join(dirname(target.path), 'bundle.pem'))
}

/** Of an export: who may have signed it, and where the one before it ended. */
interface Expectation {
  readonly roots: readonly X509Certificate[]
  readonly earlier: ExportHead | null
}

/** Verifies one export: what it holds, or the first fault. */
export async function verifyExport(file: string, expectation: Expectation): Promise<Whole | Fault> {
  const verifier = new ExportVerifier(expectation)
  let line = 0
  try {
    for await (const text of readLines(file, MAX_LINE_BYTES)) {
      line++
      verifier.take(text)
    }
    return { file, ...verifier.end() }
  } catch (error) {
    if (error instanceof MalformedExport) return { file, line, message: error.message, problem: error.problem }
    throw error
  }
}

function toJson({ file, rows, head, signer }: Whole): object {
  const { at, trustDomain, logs } = head
  return { file, rows, at: new Date(at).toISOString(), trustDomain, signer, logs }
}

function toView({ file, rows, head, signer }: Whole, { style }: Session): string {
  const fields = layFields(
    [
      ['Rows', String(rows)],
      ['Signed', style.time(new Date(head.at).toISOString())],
      ['By', signer],
      ['Trust domain', head.trustDomain],
    ],
    style,
  )
  return `${style.good('whole')}: ${toSafeText(file)}\n${fields}`
}

/** The fault, in words. */
export function toFaultView({ file, line, message }: Fault, { style }: Session): string {
  return `${style.bad('NOT WHOLE')}: ${toSafeText(`${file}:${line}: ${message}`)}\n`
}
