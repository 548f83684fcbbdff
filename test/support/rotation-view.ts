import type { Authority, Rotation } from '../../src/ca/authority.ts'
import type { RotationPlan } from '../../src/ca/rotation/next-step.ts'
import type { RotationView } from '../../src/ca/rotation/slots.ts'

/** Milliseconds at which the commands of these tests come. */
export const AT = 50_000

/** Valid from 0 to 1000 seconds, in its state since 0; intermediates are below `r1` unless given. */
export function authority(id: string, change: Partial<Authority> = {}): Authority {
  const kind = id.startsWith('i') ? 'intermediate' : id.startsWith('j') ? 'jwt' : 'root'
  const issuer = kind === 'intermediate' ? 'r1' : id
  const publishedSequence = kind === 'intermediate' ? 0 : 1
  const life = { notBefore: 0, notAfter: 1000, createdAt: 0, changedAt: 0 }
  return {
    id,
    kind,
    state: 'active',
    keyType: 'ec-p256',
    issuer,
    certificate: '',
    publishedSequence,
    chain: [],
    ...life,
    ...change,
  }
}

/** A rotation of roots from `r1` to `r2` that distributes, unless given. */
export function rotation(change: Partial<Rotation> = {}): Rotation {
  const told = { reason: 'a test', actor: 'somebody', startedAt: 0 }
  const open = { state: 'distributing', activatedAt: null, endedAt: null, forced: false } as const
  return { id: 'rot', kind: 'root', from: 'r1', to: 'r2', ...told, ...open, ...change }
}

export function viewOf(authorities: readonly Authority[], rotations: readonly Rotation[] = []): RotationView {
  return { authorities, rotations, bundleSequence: 5 }
}

/** `r1 active, r2 draining`. */
export function statesOf(authorities: readonly Authority[]): string {
  return authorities.map(({ id, state }) => `${id} ${state}`).join(', ')
}

/** `rot done`. */
export function endsOf(rotations: readonly Rotation[]): string {
  return rotations.map(({ id, state }) => `${id} ${state}`).join(', ')
}

/** Half a life, five sixths of it; intermediates and JWT keys by themselves. */
export const PLAN: RotationPlan = {
  prepareAt: 0.5,
  activateAt: 0.8,
  automatic: ['intermediate', 'jwt'],
  publishSeconds: { root: 0, jwt: 30 },
  jwtTtlSeconds: 20,
  crossSign: false,
  skewSeconds: 10,
}
