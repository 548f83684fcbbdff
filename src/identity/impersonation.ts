import { AppError } from '../kernel/errors.ts'
import type { AdministratorEntry, ImpersonationGrant, OptionProblem } from './options.ts'
import { parseSpiffeId, problemOfSpiffeId, type SpiffeId } from './spiffe-id.ts'

/** Which identities each caller may act for, ready to be asked. */
export interface Impersonation {
  /** The identity that `caller` may act for; `auth.impersonation_denied` says which check failed. */
  resolve(caller: SpiffeId, wanted: string): SpiffeId
}

/** What one caller was granted: IDs to the letter, and what IDs begin with, up to a slash. */
interface Granted {
  readonly exact: Set<string>
  readonly prefixes: string[]
}

const WILDCARD = '/*'

/** What grants are compiled from; whoever administers here is acted for by nobody, whatever a grant says. */
export interface ImpersonationOptions {
  readonly trustDomain: string
  readonly impersonation: readonly ImpersonationGrant[]
  readonly admins: readonly AdministratorEntry[]
}

/** Compiles the grants once; nothing of them becomes a regular expression (trust 16). */
export function compileImpersonation(options: ImpersonationOptions): Impersonation {
  const { trustDomain, impersonation, admins } = options
  const administrators = new Set(admins.map(({ identity }) => identity))
  const byCaller = new Map<string, Granted>()
  for (const { caller, identities } of impersonation) {
    const granted = byCaller.get(caller) ?? { exact: new Set(), prefixes: [] }
    byCaller.set(caller, granted)
    for (const pattern of identities) {
      if (pattern.endsWith(WILDCARD)) granted.prefixes.push(pattern.slice(0, -1))
      else granted.exact.add(pattern)
    }
  }
  return {
    resolve(caller, wanted) {
      const identity = resolve(byCaller.get(caller.uri), wanted, trustDomain)
      if (administrators.has(identity.uri)) throw denied('the identity administers this service')
      return identity
    },
  }
}

/** What keeps the grants from being compiled: IDs that are not of the own trust domain, wildcards elsewhere than at the end. */
export function problemsOfImpersonation(grants: readonly ImpersonationGrant[], trustDomain: string): OptionProblem[] {
  return grants.flatMap(({ caller, identities }, i) => [
    ...problemOfPattern(`impersonation[${i}].caller`, caller, trustDomain),
    ...identities.flatMap((pattern, j) => {
      const below = pattern.endsWith(WILDCARD) ? pattern.slice(0, -WILDCARD.length) : pattern
      return problemOfPattern(`impersonation[${i}].identities[${j}]`, below, trustDomain)
    }),
  ])
}

function problemOfPattern(path: string, uri: string, trustDomain: string): OptionProblem[] {
  const own = `spiffe://${trustDomain}`
  const problem = problemOfSpiffeId(uri)
  if (problem !== null) return [{ path, message: problem }]
  return uri === own || uri.startsWith(`${own}/`)
    ? []
    : [{ path, message: `must be in the trust domain \`${trustDomain}\`` }]
}

/** Own trust domain and a grant, both: others have signed `spiffe://evil.example/…` here (ca §1.8, hostile 75). */
function resolve(granted: Granted | undefined, wanted: string, trustDomain: string): SpiffeId {
  if (granted === undefined) throw denied('the caller has no grant to act for others')
  const identity = parseSpiffeId(wanted, 'auth.impersonation_denied')
  if (identity.trustDomain !== trustDomain) throw denied(`the identity is not of the trust domain \`${trustDomain}\``)
  if (identity.path === '') throw denied('the identity is not that of a workload')
  const { uri } = identity
  if (granted.exact.has(uri) || granted.prefixes.some((prefix) => uri.startsWith(prefix))) return identity
  throw denied('the identity is not among those that the caller may act for')
}

function denied(problem: string): AppError {
  return new AppError('auth.impersonation_denied', `impersonation refused: ${problem}`)
}
