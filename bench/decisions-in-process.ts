import { CompiledWorkloads } from '../src/decide/compiled-workloads.ts'
import type { StoredReference } from '../src/decide/find-workload.ts'
import { type Aides, judge } from '../src/decide/judge.ts'
import { JwksProvider } from '../src/decide/jwt/jwks-provider.ts'
import { TokenVerifier } from '../src/decide/jwt/token-verifier.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { silentLog } from '../src/kernel/log.ts'
import { withChange } from '../src/mesh/change-snapshot.ts'
import type { MeshSettings } from '../src/mesh/mesh-settings.ts'
import { emptySet, type ResourceSet } from '../src/mesh/snapshot.ts'
import { toHeaders } from '../src/policy/headers.ts'
import type { Question } from '../src/policy/request.ts'
import { measureCpuUs } from './cpu.ts'
import { type MixRequest, type MixWorkload, toPrincipal, toResources } from './decisions-mix.ts'

export const MESH: MeshSettings = {
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  pathNormalization: 'BASE',
  extensionProviders: [],
}

const ROUNDS = { rounds: 9, operations: 200_000 }
/** Questions of one workload one after another, as a page is loaded, or neighbours in time that are none in memory. */
const STRIDE = { 'in bursts': 1, scattered: 7919 } as const

/** CPU microseconds from a question to its decision; throws where an engine decides otherwise than the mix says. */
export function benchInProcess(workloads: readonly MixWorkload[], order: keyof typeof STRIDE): number {
  const set = toResourceSet(workloads)
  const compiled = openCompiled()
  const asked = workloads.flatMap((workload) => workload.requests.map((request) => toAsked(workload, request)))
  const decide = ({ reference, question, aides }: Asked) => {
    const judgement = judge(compiled.find(set, reference).compiled, question, aides)
    if (judgement instanceof Promise) throw new TypeError('nothing here has to be waited for')
    return judgement.decision
  }
  for (const one of asked) {
    const { decision, reason } = decide(one)
    if ((decision === 'allow') !== one.allowed) throw new Error(`${decision} (${reason}): ${JSON.stringify(one)}`)
  }
  return measureCpuUs(ROUNDS, (index) => {
    const one = asked[(index * STRIDE[order]) % asked.length]
    if (one !== undefined) decide(one)
  })
}

/** The set that holds all of them. */
function toResourceSet(workloads: readonly MixWorkload[]): ResourceSet {
  const put = workloads.flatMap(toResources).map((resource) => ({ resource, version: 1, owner: null }))
  return withChange(emptySet(0), { version: 1, put, remove: [] })
}

/** A verifier without keys to fetch. */
export function openTokens(): TokenVerifier {
  return new TokenVerifier(new JwksProvider({ clock: systemClock, log: silentLog, allowPrivateAddress: false }))
}

export const refuse: Aides['ask'] = async () => {
  throw new TypeError('no policy of the mix asks a provider')
}

function openCompiled(): CompiledWorkloads {
  return new CompiledWorkloads(MESH, { tokens: openTokens(), clock: systemClock, ask: refuse })
}

interface Asked {
  readonly reference: StoredReference
  readonly question: Question
  readonly aides: Aides
  readonly allowed: boolean
}

/** Header fields that a browser's request has by the time a sidecar asks. */
export const HEADERS = [
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['accept', 'application/json, text/plain, */*'],
  ['accept-language', 'en-GB,en;q=0.5'],
  ['accept-encoding', 'gzip, deflate, br'],
  ['content-type', 'application/json'],
  ['x-request-id', '7b3c1f60-9a6e-4a55-8d0e-0a3f5a1c2b4d'],
  ['x-forwarded-proto', 'https'],
  ['x-forwarded-for', '203.0.113.7'],
  ['x-b3-traceid', '80f198ee56343ba864fe8b2a57d3eff7'],
  ['x-b3-spanid', 'e457b5a2e4d86bd1'],
  ['x-b3-sampled', '1'],
  ['cookie', 'session=3f9a1b7c5d; theme=dark; consent=all'],
] as const

const SENT = toHeaders(HEADERS)

/** The request as a sidecar that has ended TLS tells it. */
export function toQuestion({ account, method, path }: MixRequest): Question {
  return {
    port: 8080,
    sourceIp: '10.1.2.3',
    destinationIp: '10.9.8.7',
    peer:
      account === null
        ? null
        : { uriSans: [`spiffe://${toPrincipal(account)}`], sni: null, certificate: true, alpn: 'terminated' },
    http: { method, target: path, host: 'api.shop.example', headers: SENT },
  }
}

function toAsked({ namespace, name }: MixWorkload, request: MixRequest): Asked {
  const { role, allowed } = request
  const claims = role === null ? null : { iss: 'https://issuer.example', sub: 'alice', role }
  return {
    reference: { by: 'name', namespace, name },
    question: toQuestion(request),
    aides: {
      // what the verifier says of a token that it knows
      authenticate: ({ headers, query }) => {
        return { ok: true, claims, issuer: null, subject: null, headers, query, mutations: null }
      },
      ask: refuse,
    },
    allowed,
  }
}
