import type { Clock, UnixMillis } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { Authority } from '../authority.ts'
import type { IssuanceQuery } from '../record.ts'
import type { DenyEntry, DenyStore } from './deny-list.ts'
import { findLive, type IssuedCertificate, type KeySearch } from './find-live.ts'
import type { Revocations } from './revocations.ts'

export interface RevokeDeps {
  readonly revocations: Revocations
  readonly store: Pick<DenyStore, 'settleDenied'>
  readonly record: IssuanceQuery & KeySearch
  readonly authorities: () => readonly Authority[]
  readonly own: { readonly identity: string }
  /** Gives the service another certificate, after its own was revoked. */
  readonly renewOwn: () => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

/** Revokes what was issued for an entry and is still valid; gives how many. What is left undone is done at the next call. */
export async function revokeLive(entry: DenyEntry, deps: RevokeDeps): Promise<number> {
  const now = deps.clock.now()
  const authorities = deps.authorities()
  const jwtKeys = new Set(authorities.filter(({ kind }) => kind === 'jwt').map(({ id }) => id))
  const query = { now, since: oldestSigner(authorities, now) }
  let certificates = 0
  let left = 0
  let isOwnRevoked = false
  for await (const rows of findLive(deps.record, entry, query)) {
    const found = rows.filter(({ authority }) => !jwtKeys.has(authority)) // the record has JWTs too, which no CRL can name
    certificates += found.length
    left += await deps.revocations.add({ revocations: found.map((one) => toRevocation(one, entry)), now })
    isOwnRevoked ||= found.some(({ identity }) => identity === deps.own.identity)
  }
  const { kind, value, actor } = entry
  const isReplaced = !isOwnRevoked || (await replaceOwn(deps))
  if (left > 0) deps.log.error('crl.full', { kind, value, left })
  else if (isReplaced) await deps.store.settleDenied({ kind, value, actor, at: now, certificates }) // last: a crash undoes nothing
  return certificates - left
}

/** False when it is to be tried again: that the service shows a revoked certificate must not keep others from being denied. */
async function replaceOwn({ renewOwn, log }: RevokeDeps): Promise<boolean> {
  try {
    await renewOwn()
    return true
  } catch (error) {
    log.error('serving_certificate.renewal_failed', { error })
    return false
  }
}

function toRevocation({ serial, authority, notAfter }: IssuedCertificate, { at, reasonCode }: DenyEntry) {
  return { serial, authority, notAfter, revokedAt: Math.floor(at / 1000), reason: reasonCode }
}

/** No workload's valid certificate is older than the oldest valid intermediate, as none outlives its issuer. */
function oldestSigner(authorities: readonly Authority[], now: UnixMillis): UnixMillis {
  const live = authorities.filter(({ kind, notAfter }) => kind === 'intermediate' && now / 1000 < notAfter)
  return Math.min(now, ...live.map(({ notBefore }) => notBefore * 1000))
}
