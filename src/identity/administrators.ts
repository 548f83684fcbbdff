import { AppError } from '../kernel/errors.ts'
import type { AttestedCaller, Role } from './evidence.ts'
import type { AdministratorEntry, OptionProblem } from './options.ts'
import { problemOfSpiffeId, type SpiffeId } from './spiffe-id.ts'

/** Who may administer, ready to be asked. */
export interface Administrators {
  /** Null: none. The local administrator is `admin`. */
  roleOf(caller: AttestedCaller): Role | null
  /** Throws `auth.forbidden` unless the caller's role is at least `minimum`. */
  requireRole(caller: AttestedCaller, minimum: Role): void
}

const RANK = { viewer: 1, operator: 2, admin: 3 } as const satisfies Record<Role, number>

/** Compiles the entries once; of several for one identity the highest counts. Who is accepted from a foreign trust domain may look. */
export function compileAdministrators(
  entries: readonly AdministratorEntry[],
  isForeignViewer: (identity: SpiffeId) => boolean,
): Administrators {
  const roles = new Map<string, Role>()
  for (const { identity, role } of entries) {
    const other = roles.get(identity)
    if (other === undefined || RANK[role] > RANK[other]) roles.set(identity, role)
  }
  const roleOf = (caller: AttestedCaller): Role | null => {
    if (caller.attestor === 'admin') return 'admin'
    if (caller.spend !== undefined) return null // it is counted when a certificate is issued, so it is good for nothing else
    if (caller.impersonatedBy !== undefined) return null // a grant is to renew for workloads, not to administer as one
    return isForeignViewer(caller.identity) ? 'viewer' : (roles.get(caller.identity.uri) ?? null)
  }
  return { roleOf, requireRole: (caller, minimum) => requireRank(roleOf(caller), minimum) }
}

/** What keeps the entries from being compiled. */
export function problemsOfAdministrators(entries: readonly AdministratorEntry[], trustDomain: string): OptionProblem[] {
  return entries.flatMap(({ identity }, i) => {
    const path = `admins[${i}].identity`
    const problem = problemOfSpiffeId(identity)
    if (problem !== null) return [{ path, message: problem }]
    if (identity.startsWith(`spiffe://${trustDomain}/`)) return []
    return [{ path, message: `must be a workload's of the trust domain \`${trustDomain}\`` }]
  })
}

function requireRank(role: Role | null, minimum: Role): void {
  if (role !== null && RANK[role] >= RANK[minimum]) return
  const detail = { wanted: minimum, seen: role ?? 'no role' }
  throw new AppError('auth.forbidden', `this needs the role \`${minimum}\`: an entry in \`admins\` gives it`, detail)
}
