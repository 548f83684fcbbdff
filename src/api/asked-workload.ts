import type { WorkloadReference } from '../decide/decide.ts'
import { type NamedWorkload, parseWorkloadName } from '../decide/workload-name.ts'
import { AppError } from '../kernel/errors.ts'
import { printable } from '../kernel/printable.ts'

/** Who asks for a decision: a proxy known by its certificate, or one on this host behind a loopback listener. */
export type Asker = { readonly by: 'certificate'; readonly identity: string } | { readonly by: 'loopback' }

/** Whether the stored workload runs as this identity; false for one that is not stored. */
export type Owns = (identity: string, workload: NamedWorkload) => boolean

/** What the proxy says of the workload that it asks about; empty where it says nothing. */
export interface ToldWorkload {
  /** `ns/name`. */
  readonly name: string | null
  readonly principal: string
  readonly address: string
}

const SPIFFE = 'spiffe://'

/**
 * Which workload is asked about: for a proxy with a certificate its own, whatever else it says (`auth.forbidden` where
 * it names another's); on loopback the named one, that of the destination's principal, or that of its address.
 * `request.malformed` for a name of a wrong form, `decision.workload_ambiguous` where there is nothing to go by.
 */
export function toReference(asker: Asker, told: ToldWorkload, owns: Owns): WorkloadReference {
  const address = told.address === '' ? null : told.address
  const named = told.name === null ? null : parseWorkloadName(told.name)
  if (asker.by === 'certificate') {
    const { identity } = asker
    const isOther = told.principal.startsWith(SPIFFE) && told.principal !== identity
    if (isOther || (named !== null && !owns(identity, named))) throw notItsOwn(identity)
    return named === null ? { by: 'identity', identity, address } : { by: 'name', ...named }
  }
  if (named !== null) return { by: 'name', ...named }
  if (told.principal.startsWith(SPIFFE)) return { by: 'identity', identity: told.principal, address }
  if (address !== null) return { by: 'address', address }
  throw new AppError('decision.workload_ambiguous', 'the request names no workload: give `workload` as `ns/name`')
}

/** The refusal of a proxy that asks about a workload of somebody else. */
export function notItsOwn(identity: string): AppError {
  return new AppError('auth.forbidden', `\`${printable(identity)}\` may ask about its own workload only`)
}
