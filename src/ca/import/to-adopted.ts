import { AppError } from '../../kernel/errors.ts'
import type { Authority } from '../authority.ts'
import { prepared, type RotationView } from '../rotation/slots.ts'
import type { Transition } from '../rotation/transitions.ts'

/**
 * Publishes imported authorities and lets nothing sign yet; those that are known keep their state with their new
 * certificate. The sequence grows when the bundle becomes another. Refused while another of the kind is prepared.
 */
export function toAdopted(view: RotationView, imported: readonly Authority[]): Transition {
  const byId = new Map(view.authorities.map((authority) => [authority.id, authority]))
  for (const { id, kind } of imported) {
    const other = byId.has(id) ? undefined : prepared(view, kind)
    if (other === undefined) continue
    const message = `the ${kind} \`${other.id}\` is prepared already: activate or abort it first`
    throw new AppError('authority.invalid_transition', message, { seen: other.id })
  }
  const isPublished = imported.some(({ kind }) => kind === 'root')
  const bundleSequence = view.bundleSequence + (isPublished ? 1 : 0)
  return {
    authorities: imported.map((one) => {
      const known = byId.get(one.id)
      if (known !== undefined) return { ...one, state: known.state, publishedSequence: known.publishedSequence }
      return one.kind === 'root' ? { ...one, publishedSequence: bundleSequence } : one
    }),
    rotations: [],
    bundleSequence,
  }
}
