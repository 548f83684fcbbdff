import type { AttestedCaller, Role } from '../../identity/evidence.ts'
import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import { AppError } from '../../kernel/errors.ts'
import type { TakeToken } from '../../kernel/token-bucket.ts'
import type { DenyList } from '../deny/deny-list.ts'

/** What is asked before anything is issued, a certificate or a JWT; the buckets are of both together. */
export interface EntitleDeps {
  readonly options: { readonly trustDomain: string }
  readonly limits: () => { readonly queue: number | null }
  readonly roleOf: (caller: AttestedCaller) => Role | null
  readonly denyList: Pick<DenyList, 'has'>
  readonly takeGlobal: TakeToken
  readonly takePerIdentity: TakeToken
}

/** Lets one request more in, `running` with it; `limit.queue`, `limit.rate`. */
export function admit(deps: EntitleDeps, running: number, now: number): void {
  const { queue } = deps.limits()
  if (queue !== null && running > queue) {
    throw new AppError('limit.queue', `${queue} requests are being served already: try again`, { retryAfterSeconds: 1 })
  }
  refuseOverRate(deps.takeGlobal('', now), 'all callers together')
}

/** Whom to issue for: the attested caller itself, or the identity that an administrator names; `now` is monotonic. */
export function entitled(
  deps: EntitleDeps,
  attested: AttestedCaller,
  { wanted, now }: { readonly wanted: string | undefined; readonly now: number },
): AttestedCaller {
  const caller = wanted === undefined ? forItself(attested) : onBehalf(deps, attested, wanted)
  const { uri, trustDomain, path } = caller.identity
  if (trustDomain !== deps.options.trustDomain || path === '') {
    throw new AppError('auth.forbidden', `\`${uri}\` is not the identity of a workload of this trust domain`)
  }
  refuseOverRate(deps.takePerIdentity(uri, now), 'this identity')
  refuseDenied(deps, uri)
  return caller
}

/** `issue.denied` for an identity on the deny list: asked before something is made for it, and before it is handed out. */
export function refuseDenied({ denyList }: Pick<EntitleDeps, 'denyList'>, identity: string): void {
  if (denyList.has('identity', identity)) throw new AppError('issue.denied', `\`${identity}\` is on the deny list`)
}

/** The local administrator has no identity of its own. */
function forItself(attested: AttestedCaller): AttestedCaller {
  if (attested.attestor !== 'admin') return attested
  throw new AppError('request.malformed', 'an administrator has to name the identity to issue for')
}

/** Administrators issue by hand for any identity of the own trust domain. */
function onBehalf({ options, roleOf }: EntitleDeps, attested: AttestedCaller, wanted: string): AttestedCaller {
  if (roleOf(attested) !== 'admin') {
    throw new AppError('auth.forbidden', 'only an administrator may name the identity to issue for')
  }
  const identity = parseSpiffeId(wanted, 'request.malformed')
  const { trustDomain } = options
  if (identity.trustDomain !== trustDomain || identity.path === '') {
    const detail = { wanted: `spiffe://${trustDomain}/…`, seen: identity.uri }
    throw new AppError('request.malformed', 'the identity must be of the own trust domain and have a path', detail)
  }
  return { identity, attestor: 'admin', subject: attested.identity.uri }
}

function refuseOverRate(waitSeconds: number, whose: string): void {
  if (waitSeconds === 0) return
  const retryAfterSeconds = Math.max(1, Math.ceil(waitSeconds))
  throw new AppError('limit.rate', `too many requests of ${whose}: try again later`, { retryAfterSeconds })
}
