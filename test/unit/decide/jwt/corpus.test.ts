import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileJwtRules, type JwtPlan } from '../../../../src/decide/jwt/compile-jwt-rules.ts'
import type { JwtOutcome, JwtPassed } from '../../../../src/decide/jwt/jwt-outcome.ts'
import type { TokenVerifier } from '../../../../src/decide/jwt/token-verifier.ts'
import type { PathNormalization } from '../../../../src/mesh/mesh-settings.ts'
import type { Policy, RequestAuthentication } from '../../../../src/mesh/resource.ts'
import type { Workload } from '../../../../src/mesh/workload.ts'
import { toCanonicalRequest } from '../../../../src/policy/canonical-request.ts'
import type { Upstream } from '../../../../src/policy/decision.ts'
import { isFor } from '../../../../src/policy/select.ts'
import { readCorpus } from '../../../support/corpus.ts'
import { headersOf, openVerifier } from '../../../support/jwt-request.ts'

interface Row {
  readonly name: string
  readonly mesh: { readonly rootNamespace: string; readonly pathNormalization: PathNormalization | '' }
  readonly workload: { readonly namespace: string; readonly labels?: Record<string, string> | null }
  readonly policies: readonly Policy[]
  readonly requests: readonly RowRequest[]
}

interface RowRequest {
  readonly id: string
  readonly protocol: string
  readonly port: number
  readonly method: string
  readonly path: string
  readonly host?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly outcome: {
    readonly cause: string
    readonly status?: number
    readonly details?: string
    readonly upstream?: Upstream
  }
}

const HTTP_PORTS = [8080, 8081]
/** Requests that came as far as the tokens, whatever was decided behind them. */
const CAUSES = ['allowed', 'rbac', 'jwt']
/** Our own reader of base64url refuses blanks; Envoy's passes over them, and finds the next thing wrong. */
const BLANK_INSIDE = /not_base64$/

function planFor({ mesh, workload, policies }: Row): JwtPlan | null {
  const labels = workload.labels ?? {}
  const target: Workload = { namespace: workload.namespace, name: null, labels, ip: null, ports: 'as-told' }
  const chosen = policies
    .filter((policy): policy is RequestAuthentication => policy.kind === 'RequestAuthentication')
    .filter((policy) => isFor(policy, target, mesh.rootNamespace))
  const isRoot = ({ metadata }: RequestAuthentication) => metadata.namespace === mesh.rootNamespace
  return compileJwtRules([...chosen.filter(isRoot), ...chosen.filter((policy) => !isRoot(policy))])
}

/** As the codec hands them over. */
const fieldsOf = ({ headers = [] }: RowRequest) => headers.map(([name, value]) => [name, value.trim()] as const)

async function check(row: Row, asked: RowRequest, by: { plan: JwtPlan; verifier: TokenVerifier }): Promise<void> {
  const { outcome } = asked
  const headers = headersOf(fieldsOf(asked))
  const http = { method: asked.method, target: asked.path, host: asked.host ?? null, headers }
  const canonical = toCanonicalRequest(http, row.mesh.pathNormalization || 'BASE')
  assert.ok(!('why' in canonical))
  const request = { ...canonical, scheme: 'http', headers } as const
  const now = Math.floor(Date.now() / 1000)
  const got: JwtOutcome = await by.verifier.authenticate(by.plan, request, now)
  assert.equal(got.ok ? 'passed' : got.status, outcome.cause === 'jwt' ? outcome.status : 'passed')
  if (got.ok) return comparePassed(got, canonical.path, outcome)
  if (BLANK_INSIDE.test(got.failure)) return
  assert.equal(`jwt_authn_access_denied{${got.message.replaceAll(' ', '_')}}`, outcome.details)
}

function comparePassed(got: JwtPassed, path: string, { upstream }: RowRequest['outcome']): void {
  if (upstream === undefined) return
  assert.equal(path + got.query, upstream.path)
  const fields = new Map<string, string[]>()
  for (const [name, value] of got.headers.entries()) {
    const key = name.toLowerCase()
    fields.set(key, [...(fields.get(key) ?? []), value])
  }
  assert.deepEqual(comparable(Object.fromEntries(fields)), comparable(upstream.headers))
}

/** Objects in headers are compared as such: the order of their keys differs from run to run in Envoy. */
function comparable(headers: Readonly<Record<string, readonly string[]>>): unknown {
  const names = Object.keys(headers).filter((name) => name !== 'x-forwarded-client-cert')
  return Object.fromEntries(names.map((name) => [name, headers[name]?.map(decoded)]))
}

function decoded(value: string): unknown {
  const text = Buffer.from(value, 'base64').toString()
  return text.startsWith('{') && Buffer.from(text).toString('base64') === value ? JSON.parse(text) : value
}

for (const name of ['handwritten', 'random-open'] as const) {
  test(`corpus: the tokens of ${name} are judged as by Envoy, the first time and from memory`, async () => {
    let judged = 0
    for (const row of readCorpus(name) as unknown as readonly Row[]) {
      const plan = planFor(row)
      if (plan === null) continue
      const verifier = openVerifier()
      const asked = row.requests.filter(
        ({ protocol, port, outcome }) =>
          protocol === 'http' && HTTP_PORTS.includes(port) && CAUSES.includes(outcome.cause) && outcome.status,
      )
      for (const request of [...asked, ...asked]) {
        try {
          await check(row, request, { plan, verifier })
        } catch (cause) {
          throw new Error(request.id, { cause })
        }
        judged++
      }
    }
    assert.ok(judged > 1_000, `${judged} requests`)
  })
}
