import { type Static, Type } from 'typebox'
import { WrittenBody, WrittenRequestSchema } from '../../decide/written-body.ts'
import { toWrittenQuestion, toWrittenWorkload } from '../../decide/written-question.ts'
import { AppError } from '../../kernel/errors.ts'
import { parseStrictJson, StrictJsonError } from '../../kernel/strict-json.ts'
import { toUnreadableCases } from './case-files.ts'
import { tryPolicies } from './policy-set.ts'
import { toReader } from './read-value.ts'
import { findEntry } from './read-workload.ts'
import type { TestCase } from './test-case.ts'
import { toTestMesh } from './test-mesh.ts'
import { RecordedOutcome, toRecorded } from './wanted.ts'

const MAX_DEPTH = 64

const Row = Type.Object(
  {
    ...WrittenBody.properties,
    name: Type.String(),
    tags: Type.Optional(Type.Array(Type.String())),
    policies: Type.Array(Type.Unknown()),
    requests: Type.Array(
      Type.Object(
        { ...WrittenRequestSchema.properties, id: Type.String(), outcome: RecordedOutcome },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

const readRow = toReader(Row)

/** The cases of a file of the conformance corpus, one on each line. Throws `cases.unreadable` with the line. */
export async function* readRows(file: string, text: string): AsyncGenerator<TestCase> {
  for (const [index, json] of text.split('\n').entries()) {
    if (json.trim() !== '') yield await readLine(json, { file, line: index + 1 })
  }
}

async function readLine(json: string, { file, line }: { readonly file: string; readonly line: number }) {
  try {
    return await toCase(file, readRow(parseStrictJson(json, { maxDepth: MAX_DEPTH })))
  } catch (error) {
    const told = error instanceof StrictJsonError ? new AppError('request.malformed', error.message) : error
    throw toUnreadableCases(told, `${file}:${line}`)
  }
}

async function toCase(file: string, row: Static<typeof Row>): Promise<TestCase> {
  const { name, tags = [], requests } = row
  return {
    file,
    name,
    supposed: await toSupposed(row),
    isInvalid: tags.includes('invalid'),
    requests: requests.map(({ outcome, ...request }, i) => ({
      id: request.id,
      question: toWrittenQuestion(request, `requests[${i}]`),
      wanted: toRecorded(outcome),
    })),
  }
}

async function toSupposed({ workload, policies, mesh = {} }: Static<typeof Row>): Promise<TestCase['supposed']> {
  const judged = await tryPolicies(policies)
  if ('faults' in judged) return judged
  const found = typeof workload === 'string' ? findEntry(workload, judged.entries) : toWrittenWorkload(workload)
  return { ...toTestMesh(mesh), workload: found, policies: judged.policies }
}
