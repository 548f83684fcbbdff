import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Layer } from '../../src/mesh/finding.ts'
import type { RecordedRow } from './reference/row.ts'

const CORPUS = join(import.meta.dirname, '../conformance/corpus')

export type CaseCorpus = 'handwritten' | 'random-open'

/** What Istio's validation says of one object. */
export interface ValidationRow {
  readonly name: string
  readonly object: unknown
  readonly valid: boolean
  readonly validForSchema: boolean
  readonly validForWebhook: boolean
  readonly errors: readonly { readonly layer: Layer; readonly code: string; readonly gist: string }[]
  readonly warnings: readonly { readonly code: string; readonly gist: string }[]
}

/** Every row of one file of the vendored corpus, which `corpus/SCHEMA.md` describes. */
export function readCorpus(name: CaseCorpus): readonly RecordedRow[]
export function readCorpus(name: 'validation'): readonly ValidationRow[]
export function readCorpus(name: CaseCorpus | 'validation'): readonly unknown[] {
  const lines = corpusText(name).split('\n')
  return lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line))
}

/** The text of one file of the vendored corpus. */
export function corpusText(name: CaseCorpus | 'validation'): string {
  return gunzipSync(readFileSync(join(CORPUS, `${name}.jsonl.gz`))).toString('utf8')
}
