import { CommandError, NegativeResult } from '../command-error.ts'
import type { Session } from '../session.ts'
import { type CaseFile, findCaseFiles, readCaseFile } from './case-files.ts'
import { readRows } from './corpus-rows.ts'
import { toJunit } from './junit.ts'
import { openOffline } from './offline.ts'
import { type CaseResult, runCase } from './run-cases.ts'
import { readShortCases } from './short-cases.ts'
import type { TestCase } from './test-case.ts'
import { toReport, toReportJson } from './test-report.ts'
import { toTestView } from './test-view.ts'

/** `policy test`: runs every case of the files; ends with exit code 1 where one disagrees. */
export async function testPolicies(session: Session, paths: readonly string[]): Promise<void> {
  const results = await runFiles(paths, session.io)
  const report = toReport(results)
  if (session.options.output === 'junit') session.io.stdout.write(toJunit(results))
  else session.show(toReportJson(report), () => toTestView(report, session.style))
  if (report.failed > 0) throw new NegativeResult()
}

/** What became of every case of the files, in their order; throws `cases.unreadable`, also where there are none. */
export async function runFiles(paths: readonly string[], { now }: Pick<Session['io'], 'now'>): Promise<CaseResult[]> {
  const decide = openOffline({ now })
  const results: CaseResult[] = []
  for (const file of await findCaseFiles(paths)) {
    for await (const test of readCases(file)) results.push(await runCase(test, decide))
  }
  if (results.length === 0) throw CommandError.of('cases.unreadable', 'the files hold no cases')
  return results
}

async function* readCases(file: CaseFile): AsyncGenerator<TestCase> {
  const text = await readCaseFile(file.path)
  yield* /\.jsonl(?:\.gz)?$/.test(file.path) ? readRows(file.path, text) : readShortCases(file, text)
}
