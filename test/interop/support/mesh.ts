import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import type { WrittenRequest } from '../../../src/decide/written-question.ts'
import type { Decision, Upstream } from '../../../src/policy/decision.ts'
import type { Json } from '../../support/jwt-maker.ts'
import { askResources } from '../../support/resources-api.ts'
import { type Service, startService } from '../../support/service.ts'
import { exchange } from '../../support/service-api.ts'
import type { Credentials } from './exchange.ts'
import { LOCAL } from './proxies.ts'
import { readRecipe, type Substitutions } from './recipe.ts'

const MAIN = join(import.meta.dirname, '../../../bin/alcazar.cjs')

/** The service as a recipe has it, with the recipe's workload and the policies of a test. */
export interface Mesh {
  readonly service: Service
  /** Of the plaintext listener for proxies. */
  readonly decisionsPort: number
  readonly recipe: (file: string, substitutions?: Substitutions) => string
  /** Applies resources. */
  apply(body: unknown): Promise<void>
  /** `alcazar cert issue`; gives the folder that it wrote. */
  issue(namespace: string, account: string): Promise<string>
  /** What `POST /v1/decisions` says. */
  decide(workload: string, request: WrittenRequest): Promise<Decision & { readonly upstream?: Upstream }>
}

/** Starts the service on the recipe's `alcazar.yaml` and applies its `workload.yaml`, at the loopback address. */
export async function startMesh(name: string, policies: readonly Json[]): Promise<Mesh> {
  const recipe = readRecipe(name)
  const written = parse(recipe('alcazar.yaml', { '127.0.0.1:15015': '127.0.0.1:0' }))
  const anyPort = { grpc: `${LOCAL}:0`, https: `${LOCAL}:0`, monitoring: `${LOCAL}:0` }
  const service = await startService({ config: { ...written, listen: { ...anyPort, ...written.listen } } })
  const apply = async (body: unknown) => {
    const { status, json } = await askResources(service, { method: 'POST', body })
    assert.equal(status, 200, JSON.stringify(json))
  }
  const workload = parse(recipe('workload.yaml'))
  await apply([{ ...workload, spec: { ...workload.spec, address: LOCAL } }, ...policies])
  return {
    service,
    decisionsPort: Number(service.address('decisions').split(':').at(-1)),
    recipe,
    apply,
    issue: (namespace, account) => issue(service, namespace, account),
    decide: (asked, request) => decide(service, asked, request),
  }
}

async function issue(service: Service, namespace: string, account: string): Promise<string> {
  const directory = join(service.directory, account)
  const identity = `spiffe://cluster.local/ns/${namespace}/sa/${account}`
  const args = ['cert', 'issue', '--identity', identity, '--out', directory, '--server', service.address('admin')]
  await promisify(execFile)(process.execPath, [MAIN, ...args])
  return directory
}

/** What `cert issue` wrote. */
export function readCredentials(directory: string): Credentials {
  const read = (file: string) => readFileSync(join(directory, file), 'utf8')
  return { cert: read('cert-chain.pem'), key: read('key.pem') }
}

async function decide(service: Service, workload: string, request: WrittenRequest) {
  const body = JSON.stringify({ workload, requests: [request] })
  const options = { socketPath: service.address('admin'), method: 'POST', path: '/v1/decisions', agent: false }
  const headers = { 'content-type': 'application/json' }
  const { status, text } = await exchange(http.request({ ...options, headers }), body)
  assert.equal(status, 200, text)
  return JSON.parse(text).decisions[0]
}
