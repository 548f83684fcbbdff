import { dirname, resolve } from 'node:path'
import type { Supposed } from '../../decide/what-if.ts'
import { toWrittenQuestion, toWrittenWorkload, type WrittenRequest } from '../../decide/written-question.ts'
import { AppError } from '../../kernel/errors.ts'
import { readDocuments } from '../../mesh/read-documents.ts'
import type { Workload } from '../../mesh/workload.ts'
import { readDocumentFiles } from '../read-document-files.ts'
import { type CaseFile, toUnreadableCases } from './case-files.ts'
import { type PolicySet, type Refused, tryPolicies } from './policy-set.ts'
import { parseSource } from './read-source.ts'
import { parseTarget } from './read-target.ts'
import { readWorkload } from './read-workload.ts'
import { readShortForm, type ShortCase, type ShortForm } from './short-form.ts'
import type { TestCase } from './test-case.ts'
import { toTestMesh } from './test-mesh.ts'
import { readToken, toWrittenPeer } from './written-request.ts'

/** The cases of one file share everything but their workload. */
interface Suite extends Pick<Supposed, 'mesh' | 'ask'> {
  readonly file: string
  readonly judged: PolicySet | Refused
}

/** The cases of a file that people wrote; none of one beside them that has no `cases`. Throws `cases.unreadable`. */
export async function* readShortCases({ path, isNamed }: CaseFile, text: string): AsyncGenerator<TestCase> {
  const documents = await located(path, async () => readDocuments(text).map(({ value }) => value))
  if (!isNamed && !documents.some(hasCases)) return
  const form = await located(path, async () => toForm(documents))
  const judged = await located(path, () => judge(form, path))
  const suite: Suite = { file: path, judged, ...toTestMesh(form.mesh ?? {}) }
  for (const [index, written] of form.cases.entries()) {
    yield await located(`${path}: cases[${index}]`, () => toCase(written, suite))
  }
}

async function located<T>(place: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw toUnreadableCases(error, place)
  }
}

function hasCases(document: unknown): boolean {
  return typeof document === 'object' && document !== null && Object.hasOwn(document, 'cases')
}

function toForm([document, ...more]: readonly unknown[]): ShortForm {
  if (document !== undefined && more.length === 0) return readShortForm(document)
  throw new AppError('request.malformed', 'it must hold one document: { policies, cases }')
}

async function judge({ policies }: ShortForm, file: string): Promise<PolicySet | Refused> {
  const paths = policies.filter((policy) => typeof policy === 'string').map((path) => beside(file, path))
  const inline = policies.filter((policy) => typeof policy !== 'string')
  const documents = await readDocumentFiles(paths)
  return tryPolicies([...documents.map(({ value }) => value), ...inline])
}

function beside(file: string, path: string): string {
  return resolve(dirname(file), path)
}

async function toCase(written: ShortCase, { file, judged, mesh, ask }: Suite): Promise<TestCase> {
  const { name, expect, policy } = written
  const request = await toRequest(written, { file, trustDomain: mesh.trustDomain })
  const wanted = { expect, ...(policy === undefined ? {} : { policy }) }
  return {
    file,
    name,
    isInvalid: false,
    requests: [{ id: name, question: toWrittenQuestion(request, 'request'), wanted }],
    supposed:
      'faults' in judged
        ? judged
        : { mesh, ask, policies: judged.policies, workload: await toWorkload(written, file, judged) },
  }
}

function toWorkload({ workload }: ShortCase, file: string, { entries }: PolicySet): Promise<Workload> | Workload {
  if (typeof workload !== 'string') return toWrittenWorkload(workload)
  return readWorkload(workload, { entries, directory: dirname(file) })
}

interface RequestContext {
  readonly file: string
  readonly trustDomain: string
}

const PORT = 8080
const SOURCE_IP = '127.0.0.1'

async function toRequest(written: ShortCase, { file, trustDomain }: RequestContext): Promise<WrittenRequest> {
  const { request, tcp = false, sourceIp = SOURCE_IP, token, headers = {} } = written
  if (tcp === (request !== undefined)) {
    throw new AppError('request.malformed', 'give either `request` or `tcp: true`')
  }
  const peer = toWrittenPeer(parseSource(written.source, trustDomain), written.sni)
  if (request === undefined) return { protocol: 'tcp', port: written.port ?? PORT, sourceIp, peer }
  const { method, path, host, port } = parseTarget(request)
  const fields = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  )
  const bearer = token === undefined ? [] : [await readToken(beside(file, token))]
  const connection = { port: written.port ?? port ?? PORT, sourceIp, peer }
  return { protocol: 'http', ...connection, method, path, host, headers: [...fields, ...bearer] }
}
