import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { measureCpuUs } from './cpu.ts'
import type { MixRequest, MixRule, MixWorkload } from './decisions-mix.ts'

/** CPU microseconds of one decision; null where the engine is not installed and cannot be. */
export interface PeerFigures {
  readonly cedarUs: number | null
  readonly casbinUs: number | null
}

type Engine = (request: MixRequest) => boolean

const CEDAR_ROUNDS = { rounds: 9, operations: 2_000 }
const CASBIN_ROUNDS = { rounds: 9, operations: 20_000 }

/** The same requests through other engines, in this process; throws where one decides otherwise than the mix says. */
export async function benchPeers(workload: MixWorkload): Promise<PeerFigures> {
  if (!installPeers()) return { cedarUs: null, casbinUs: null }
  const { rules, requests } = workload
  return {
    cedarUs: measure(openCedar(rules), requests, CEDAR_ROUNDS),
    casbinUs: measure(await openCasbin(rules), requests, CASBIN_ROUNDS),
  }
}

function measure(engine: Engine, requests: readonly MixRequest[], rounds: typeof CEDAR_ROUNDS): number {
  for (const request of requests) {
    if (engine(request) !== request.allowed) throw new Error(`it decides otherwise: ${JSON.stringify(request)}`)
  }
  return measureCpuUs(rounds, (index) => {
    const request = requests[index % requests.length]
    if (request !== undefined) engine(request)
  })
}

const require = createRequire(import.meta.url)

/** They are dependencies of the bench alone, so they are fetched when they are wanted first. */
function installPeers(): boolean {
  try {
    require.resolve('casbin')
    return true
  } catch {
    process.stderr.write('installing what the bench compares with: npm ci --prefix bench\n')
  }
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: import.meta.dirname, stdio: ['ignore', 2, 2] })
    return true
  } catch (error) {
    process.stderr.write(`Cedar and casbin are left out, as \`npm ci --prefix bench\` failed: ${error}\n`)
    return false
  }
}

interface Cedar {
  preparsePolicySet(id: string, set: { readonly staticPolicies: string }): { readonly type: string }
  statefulIsAuthorized(call: object): { readonly response?: { readonly decision: string } }
}

/** With its policies parsed beforehand, which is the fastest way that Cedar's wasm has. */
function openCedar(rules: readonly MixRule[]): Engine {
  const cedar = require('@cedar-policy/cedar-wasm/nodejs') as Cedar
  const parsed = cedar.preparsePolicySet('bench', { staticPolicies: rules.map(toCedar).join('\n') })
  if (parsed.type !== 'success') throw new Error(`Cedar does not take the policies: ${JSON.stringify(parsed)}`)
  return ({ account, method, path, role }) => {
    const answer = cedar.statefulIsAuthorized({
      principal: { type: 'Account', id: account ?? '' },
      action: { type: 'Action', id: method },
      resource: { type: 'Workload', id: 'api' },
      context: { path: withoutQuery(path), ...(role === null ? {} : { role }) },
      preparsedPolicySetId: 'bench',
      entities: [],
    })
    if (answer.response === undefined) throw new Error(`Cedar gave no decision: ${JSON.stringify(answer)}`)
    return answer.response.decision === 'allow'
  }
}

function toCedar({ effect, account, method, path, role }: MixRule): string {
  const principal = account === null ? 'principal' : `principal == Account::"${account}"`
  const action = method === null ? 'action' : `action == Action::"${method}"`
  const conditions = [
    ...(path === null ? [] : [`context.path like "${path}"`]),
    ...(role === null ? [] : [`context has role && context.role == "${role}"`]),
  ]
  const when = conditions.length === 0 ? '' : ` when { ${conditions.join(' && ')} }`
  return `${effect === 'ALLOW' ? 'permit' : 'forbid'}(${principal}, ${action}, resource)${when};`
}

const MODEL = `
[request_definition]
r = sub, obj, act, role
[policy_definition]
p = sub, obj, act, role, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = (p.sub == "*" || r.sub == p.sub) && (p.act == "*" || r.act == p.act) && \
(p.role == "*" || r.role == p.role) && keyMatch(r.obj, p.obj)
`

interface Enforcer {
  addPolicies(rules: readonly (readonly string[])[]): Promise<boolean>
  enforceSync(...request: readonly string[]): boolean
}

interface Casbin {
  newModelFromString(text: string): object
  newEnforcer(model: object): Promise<Enforcer>
}

async function openCasbin(rules: readonly MixRule[]): Promise<Engine> {
  const { newEnforcer, newModelFromString } = require('casbin') as Casbin
  const enforcer = await newEnforcer(newModelFromString(MODEL))
  await enforcer.addPolicies(rules.map(toCasbin))
  return ({ account, method, path, role }) =>
    enforcer.enforceSync(account ?? '', withoutQuery(path), method, role ?? '')
}

function toCasbin({ effect, account, method, path, role }: MixRule): readonly string[] {
  return [account ?? '*', path ?? '*', method ?? '*', role ?? '*', effect.toLowerCase()]
}

function withoutQuery(path: string): string {
  const mark = path.indexOf('?')
  return mark < 0 ? path : path.slice(0, mark)
}
