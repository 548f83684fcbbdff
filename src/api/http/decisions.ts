import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { WorkloadReference } from '../../decide/decide.ts'
import type { Inspection } from '../../decide/open-decider.ts'
import type { Explained, Supposed } from '../../decide/what-if.ts'
import { parseWorkloadName } from '../../decide/workload-name.ts'
import { WrittenBody } from '../../decide/written-body.ts'
import { toWrittenMesh } from '../../decide/written-mesh.ts'
import { toWrittenQuestion, toWrittenWorkload } from '../../decide/written-question.ts'
import { AppError } from '../../kernel/errors.ts'
import { judgeDocuments } from '../../mesh/judge-documents.ts'
import type { Policy } from '../../mesh/resource.ts'
import { openSlices } from '../../mesh/slices.ts'
import type { Question } from '../../policy/request.ts'
import { notItsOwn } from '../asked-workload.ts'
import type { App } from './base.ts'
import { DecisionsAnswer } from './decisions-body.ts'
import type { HttpDeps, Inquirer } from './deps.ts'
import { type Door, evidenceOf } from './evidence.ts'
import { sendJsonText } from './json-text.ts'
import { Problem } from './problem.ts'

type Body = Static<typeof WrittenBody>

/** Characters of all decisions of one answer. */
const MAX_ANSWER = 32 * 1024 * 1024

/** `POST /v1/decisions`: decisions by the stored policies or, as a what-if, by those of the body. */
export function addDecisions(app: App, deps: HttpDeps, door: Door): void {
  const schema = {
    operationId: 'decide',
    summary:
      'Decide requests, by the stored policies or as a what-if; a proxy without the role asks about its own workload',
    tags: ['decisions'],
    body: WrittenBody,
    response: { 200: DecisionsAnswer, default: Problem },
  }
  const inquirers = new WeakMap<FastifyRequest, Inquirer>()
  const onRequest = async (request: FastifyRequest) => {
    inquirers.set(request, await deps.inspection.inquirer(evidenceOf(request, door))) // before the body is read
  }
  app.post(
    '/v1/decisions',
    { schema, onRequest, config: { bodyLimit: 'decisionBody', role: 'viewer' } },
    async (request, reply) => {
      const { body } = request
      refuseUnlessOwn(body, inquirers.get(request), deps)
      const questions = body.requests.map((written, i) => toWrittenQuestion(written, `requests[${i}]`))
      const { version, examine } = await toInspection(body, deps)
      const decisions = await toTexts(questions, (question) => examine(question, { explain: body.explain ?? false }))
      return sendJsonText(reply, `{"version":${version},"decisions":[${decisions.join(',')}]}`)
    },
  )
}

/** A proxy is told what is stored for its own workload, and nothing else. */
function refuseUnlessOwn({ workload, policies }: Body, inquirer: Inquirer | undefined, deps: HttpDeps): void {
  if (inquirer === undefined) throw new TypeError('nobody was authorized')
  if (inquirer.isViewer) return
  const isOwn =
    typeof workload === 'string' &&
    policies === undefined &&
    deps.decisions.owns(inquirer.identity, parseWorkloadName(workload))
  if (!isOwn) throw notItsOwn(inquirer.identity)
}

async function toInspection(body: Body, deps: HttpDeps): Promise<Inspection> {
  const { policies, mesh, workload } = body
  const { inspection } = deps
  if (policies !== undefined) {
    return { version: 0, examine: inspection.whatIf(await toSupposed({ ...body, policies }, deps)) }
  }
  if (mesh === undefined) return inspection.inspect(toReference(workload))
  throw new AppError('request.malformed', '`mesh` belongs to a what-if: give `policies`, too')
}

async function toSupposed(body: Body & { readonly policies: readonly unknown[] }, deps: HttpDeps): Promise<Supposed> {
  const { workload } = body
  const { workloadOf, mesh } = deps.inspection
  const judged = await judgeDocuments(body.policies)
  return {
    ...toWrittenMesh(body.mesh ?? {}, mesh()),
    workload: typeof workload === 'string' ? workloadOf(parseWorkloadName(workload)) : toWrittenWorkload(workload),
    policies: judged.map(({ resource }, i) => toPolicy(resource, i)),
  }
}

function toPolicy(resource: Policy | { readonly kind: 'WorkloadEntry' }, index: number): Policy {
  if (resource.kind !== 'WorkloadEntry') return resource
  throw new AppError(
    'request.malformed',
    `\`policies[${index}]\` is a WorkloadEntry: give the workload as \`workload\``,
  )
}

function toReference(workload: Body['workload']): WorkloadReference {
  if (typeof workload !== 'string') return { by: 'inline', workload: toWrittenWorkload(workload) }
  return { by: 'name', ...parseWorkloadName(workload) }
}

/** Each answer as JSON; `limit.size` where they get too long: a story names every rule. */
async function toTexts(
  questions: readonly Question[],
  examine: (question: Question) => Promise<Explained>,
): Promise<readonly string[]> {
  const texts: string[] = []
  let room = MAX_ANSWER
  const pause = openSlices()
  for (const question of questions) {
    const { decision, ...others } = await examine(question)
    const text = JSON.stringify({ ...decision, ...others })
    room -= text.length
    if (room < 0) {
      throw new AppError('limit.size', `the answer would have more than ${MAX_ANSWER} characters: ask fewer at once`, {
        wanted: 'fewer requests, or no `explain`',
      })
    }
    texts.push(text)
    await pause()
  }
  return texts
}
