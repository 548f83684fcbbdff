import { toWrittenMesh, type WrittenMesh } from '../../decide/written-mesh.ts'
import { toWrittenQuestion } from '../../decide/written-question.ts'
import { CommandError } from '../command-error.ts'
import { stringOf } from '../json.ts'
import type { Session } from '../session.ts'
import { type Answer, parseAnswer, toAnswer } from './answer.ts'
import { openOffline } from './offline.ts'
import type { AskOptions, RequestToken } from './options.ts'
import { readPolicySet } from './policy-set.ts'
import { DEFAULT_MESH, readMeshFile } from './read-mesh.ts'
import { isShortSource } from './read-source.ts'
import { isWorkloadFile, readWorkload, readWorkloadFile } from './read-workload.ts'
import { toWrittenRequest } from './written-request.ts'

/** What is to be decided. */
export interface Asked {
  readonly options: AskOptions
  readonly token: RequestToken
  readonly explain: boolean
}

/** The decision by the policies of files or, where none are given, by those in force on the server. */
export function askPolicies(session: Session, asked: Asked): Promise<Answer> {
  const { policies, mesh } = asked.options
  if (policies !== undefined) return askFiles(session, asked, policies)
  if (mesh !== undefined)
    throw CommandError.of('usage', '--mesh belongs to --policies: the server has its own settings')
  return askServer(session, asked)
}

async function askFiles(session: Session, asked: Asked, paths: readonly string[]): Promise<Answer> {
  const { options, token, explain } = asked
  const written: WrittenMesh = options.mesh === undefined ? {} : await readMeshFile(options.mesh)
  const { mesh, ask } = toWrittenMesh(written, DEFAULT_MESH)
  const request = await toWrittenRequest(options, { token, trustDomain: mesh.trustDomain })
  const { policies, entries } = await readPolicySet(session, paths)
  const workload = await readWorkload(options.workload, { entries })
  const examine = openOffline(session.io)({ mesh, ask, workload, policies })
  return toAnswer(await examine(toWrittenQuestion(request, 'request'), { explain }))
}

async function askServer(session: Session, { options, token, explain }: Asked): Promise<Answer> {
  const trustDomain = isShortSource(options.source) ? await trustDomainOf(session) : ''
  const request = await toWrittenRequest(options, { token, trustDomain })
  const { workload } = options
  const asked = isWorkloadFile(workload) ? await readWorkloadFile(workload) : workload
  const body = { workload: asked, requests: [request], explain }
  return parseAnswer(await session.client().json({ method: 'POST', path: '/v1/decisions', body }))
}

async function trustDomainOf(session: Session): Promise<string> {
  return stringOf(await session.client().json({ method: 'GET', path: '/v1/status' }), 'trustDomain')
}
