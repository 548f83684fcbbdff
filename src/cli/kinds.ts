import { InvalidArgumentError } from 'commander'
import { nearMiss } from '../kernel/near-miss.ts'
import { KINDS, type Kind } from '../mesh/resource.ts'

const SHORT: Readonly<Record<Kind, string>> = {
  AuthorizationPolicy: 'ap',
  PeerAuthentication: 'pa',
  RequestAuthentication: 'ra',
  WorkloadEntry: 'we',
}

/** Every way to write a kind, in lower case: `ap`, `authorizationpolicy`, `authorizationpolicies`. */
const NAMES: ReadonlyMap<string, Kind> = new Map(
  KINDS.flatMap((kind) => {
    const singular = kind.toLowerCase()
    const plural = singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`
    return [SHORT[kind], singular, plural].map((name) => [name, kind] as const)
  }),
)

/** For help: `AuthorizationPolicy (ap), …`. */
export const KINDS_HELP = KINDS.map((kind) => `${kind} (${SHORT[kind]})`).join(', ')

/** A kind as kubectl takes it: short, singular or plural, in any case, with its group behind a dot or not. */
export function parseKind(text: string): Kind {
  const name = text.toLowerCase().replace(/\.(?:security|networking)\.istio\.io$/, '')
  const kind = NAMES.get(name)
  if (kind !== undefined) return kind
  const meant = nearMiss(name, NAMES.keys())
  throw new InvalidArgumentError(meant === null ? `it must be one of ${KINDS_HELP}` : `did you mean ${meant}?`)
}
