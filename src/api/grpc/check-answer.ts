import type { ProviderAnswer } from '../../decide/provider.ts'
import { type HeaderField, isEndToEnd, isValidField, ProviderError, toRefusal } from '../../decide/provider-answer.ts'
import type { Question } from '../../policy/request.ts'
import type { CheckAnswer, HeaderOption } from './decode-check-response.ts'

const FORBIDDEN = 403
const ADD_IF_ABSENT = 1
const OVERWRITE_IF_EXISTS = 3

/**
 * What an answer means: status 0 grants, every other code refuses. Throws `ProviderError` where it grants what cannot be
 * carried out, for a later policy or the workload would see another request than the one that was granted.
 */
export function toProviderAnswer(answer: CheckAnswer, { http }: Question): ProviderAnswer {
  const { code, denied } = answer
  // Envoy would let a grant with a `denied_response` pass; whoever sends one means a refusal.
  if (code !== 0 || denied !== null) {
    const fields = denied?.headers.map(({ name, value }): HeaderField => [name, value]) ?? []
    return toRefusal(denied?.status || FORBIDDEN, fields, denied?.body ?? '')
  }
  if (answer.changesQuery) throw new ProviderError('it wants query parameters changed, which is not supported')
  const bad = answer.headers.find(({ name, value }) => !isEndToEnd(name) || !isValidField([name, value]))
  if (bad !== undefined) throw new ProviderError(`it sets the header \`${bad.name}\`, which cannot be set`)
  const before = (name: string) => http?.headers.values(name) ?? []
  const remove = answer.headersToRemove.map((name) => name.toLowerCase()).filter(isEndToEnd)
  return { granted: true, headers: applyOptions(answer.headers, before), remove }
}

/** The fields that the options lead to, in their order, with the values that the request has already. */
function applyOptions(options: readonly HeaderOption[], before: (name: string) => readonly string[]): HeaderField[] {
  const changed = new Map<string, readonly string[]>()
  for (const option of options) {
    const { name } = option
    const values = apply(option, changed.get(name) ?? before(name))
    if (values !== null) changed.set(name, values)
  }
  return [...changed].flatMap(([name, values]) => values.map((value): HeaderField => [name, value]))
}

/**
 * The values of the field afterwards, null to leave it. Without `append` and action it is overwritten, as the field's
 * documentation in Envoy says: a client's value must not stand beside the authorizer's.
 */
function apply({ value, append, action }: HeaderOption, before: readonly string[]): readonly string[] | null {
  const isThere = before.length > 0
  if (append === true) return isThere ? [`${before[0]},${value}`, ...before.slice(1)] : null
  if (append === false) return [value]
  if (action === ADD_IF_ABSENT) return isThere ? null : [value]
  if (action === OVERWRITE_IF_EXISTS) return isThere ? [value] : null
  return [value]
}
