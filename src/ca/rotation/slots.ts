import type { UnixMillis } from '../../kernel/clock.ts'
import type { Authority, AuthorityKind, Rotation } from '../authority.ts'

/** Everything that rotation decides by; each change of it is one transaction. */
export interface RotationView {
  readonly authorities: readonly Authority[]
  readonly rotations: readonly Rotation[]
  readonly bundleSequence: number
}

export function prepared(view: RotationView, kind: AuthorityKind): Authority | undefined {
  return view.authorities.find((authority) => authority.kind === kind && authority.state === 'prepared')
}

export function active(view: RotationView, kind: AuthorityKind): Authority | undefined {
  return view.authorities.find((authority) => authority.kind === kind && authority.state === 'active')
}

/** The rotation of the kind that has not ended. */
export function running(view: RotationView, kind: AuthorityKind): Rotation | undefined {
  return view.rotations.find((rotation) => rotation.kind === kind && rotation.endedAt === null)
}

/** Intermediates that a root of ours has signed. */
export function below(view: RotationView, root: Authority): readonly Authority[] {
  return view.authorities.filter(({ kind, issuer }) => kind === 'intermediate' && issuer === root.id)
}

/** As it would be without the authority: what it has cross-signed counts for nothing. */
export function withRevoked(view: RotationView, { id }: Authority): RotationView {
  const authorities = view.authorities.map((one) => (one.id === id ? { ...one, state: 'revoked' as const } : one))
  return { ...view, authorities }
}

/** The root of an authority; undefined when it is not ours to know. */
export function rootOf(view: RotationView, authority: Authority): Authority | undefined {
  return authority.kind === 'root' ? authority : view.authorities.find(({ id }) => id === authority.issuer)
}

/** The root that begins to sign with an authority, if one does: itself, or the one above an imported intermediate. */
export function beginningRoot(view: RotationView, authority: Authority): Authority | null {
  const root = authority.kind === 'jwt' ? undefined : rootOf(view, authority)
  return root?.state === 'prepared' ? root : null
}

/** Whether its certificate is valid by this clock. */
export function isValidAt({ notBefore, notAfter }: Authority, now: UnixMillis): boolean {
  return notBefore * 1000 <= now && now < notAfter * 1000
}

interface Beginning {
  readonly begins: Authority
  /** The intermediate that begins with a root; null where there is none that could. */
  readonly successor: Authority | null
}

/** Pure: what begins with an authority. An intermediate whose root is prepared, too, brings that along. */
export function pairOf(view: RotationView, authority: Authority, now: UnixMillis): Beginning {
  if (authority.kind === 'root') {
    const isFit = (one: Authority) => one.state === 'prepared' && isValidAt(one, now)
    return { begins: authority, successor: below(view, authority).find(isFit) ?? null }
  }
  const root = authority.kind === 'intermediate' ? rootOf(view, authority) : undefined
  if (authority.state === 'prepared' && root?.state === 'prepared') return { begins: root, successor: authority }
  return { begins: authority, successor: null }
}
