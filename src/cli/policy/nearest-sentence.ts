import type { NearestMiss } from './answer.ts'
import { toReadableRules } from './readable-rules.ts'

type Change = NearestMiss['changes'][number]

/** `would be allowed with method=GET (was POST), by shop/readers rule 0`. */
export function toNearestSentence({ changes, allowedBy }: NearestMiss): string {
  const hasOtherPeer = changes.some(({ attribute }) => attribute === 'peer')
  const isWith = ({ to }: Change) => to !== null
  const added = changes.filter(isWith).map((change) => toAddedText(change, hasOtherPeer))
  const removed = changes.filter((change) => !isWith(change)).map(toRemovedText)
  const parts = [
    ...(added.length === 0 ? [] : [`with ${joined(added)}`]),
    ...(removed.length === 0 ? [] : [`without ${joined(removed)}`]),
  ]
  const by = allowedBy === undefined ? '' : `, by ${toReadableRules(allowedBy)}`
  return `would be allowed ${parts.join(' and ')}${by}`
}

/** With another peer it does not matter what of the peer was there before. */
function toAddedText({ attribute, seen, to }: Change, hasOtherPeer: boolean): string {
  if (attribute === 'peer') return `mutual TLS (was ${seen.join(', ')})`
  const isOfPeer = hasOtherPeer && attribute.startsWith('source.')
  return `${attribute}=${to}${isOfPeer ? '' : ` (was ${toWasText(seen)})`}`
}

function toRemovedText({ attribute, seen }: Change): string {
  return attribute === 'request token' ? 'this token' : `${attribute} (was ${toWasText(seen)})`
}

function toWasText(seen: readonly string[]): string {
  return seen.length === 0 ? 'absent' : seen.join(', ') || 'empty'
}

function joined(parts: readonly string[]): string {
  const last = parts.at(-1) ?? ''
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`
}
