import { field, timeField, toText } from '../cells.ts'
import { itemsOf, type JsonObject, objectOf } from '../json.ts'
import { type Column, layTable } from '../layout.ts'
import type { Session } from '../session.ts'
import type { Style } from '../style.ts'
import { AUTHORITY_KINDS } from './authority-kinds.ts'

const SHORT_ID = 12
const KINDS: readonly string[] = AUTHORITY_KINDS
const STATE_ORDER = ['active', 'prepared', 'draining', 'trusted', 'tainted', 'revoked', 'retired']

/** `authority list`: for people in the order of their use, and without those that nobody uses any more. */
export async function listAuthorities(session: Session, { all = false }: { readonly all?: boolean }): Promise<void> {
  const list = await session.client().json({ method: 'GET', path: '/v1/authorities' })
  const items = itemsOf(list)
  const shown = all ? inOrder(items) : inUse(items)
  session.show(list, () => layTable(columnsOf(session.style), shown, session.style))
  const hidden = items.length - shown.length
  if (hidden > 0 && session.options.output === 'table') {
    session.io.stderr.write(`${hidden} that nobody uses any more: --all shows them\n`)
  }
}

/** Those that somebody still trusts, in the order of their use. */
export function inUse(items: readonly JsonObject[]): readonly JsonObject[] {
  return inOrder(items.filter(({ state }) => state !== 'retired' && state !== 'revoked'))
}

/** The beginning of an id, which commands take for the whole. */
export function toShortId(id: string): string {
  return id.slice(0, SHORT_ID)
}

function columnsOf(style: Style): readonly Column<JsonObject>[] {
  return [
    { heading: 'ID', cell: ({ id }) => toShortId(toText(id)) },
    field('KIND', 'kind'),
    { ...field('STATE', 'state'), paint: (text, { state }) => paintState(text, toText(state), style) },
    field('KEY', 'keyType'),
    timeField('EXPIRES', 'notAfter', style),
    field('LEAVES', 'liveLeaves'),
    { heading: 'NEXT', cell: (item) => toNextText(objectOf(item, 'nextStep'), style) },
  ]
}

function paintState(text: string, state: string, style: Style): string {
  if (state === 'active') return style.good(text)
  if (state === 'tainted' || state === 'revoked') return style.bad(text)
  return state === 'draining' ? style.warn(text) : text
}

/** `prepare in 14 d`, `activate in 43 min at most, waits for 12 certificates`, `waits for somebody to activate it, by …`. */
function toNextText(step: JsonObject, style: Style): string {
  if (step.do === undefined) return ''
  const planned = `${toText(step.do)} ${style.shortTime(toText(step.at))}`
  const waitingFor = toText(step.waitingFor)
  if (waitingFor === '') return planned
  if (waitingFor.startsWith('somebody')) return `waits for ${waitingFor}, by ${style.shortTime(toText(step.at))}`
  const isCounted = /^\d/.test(waitingFor) // who is counted may renew sooner
  return `${planned}${isCounted ? ' at most' : ''}, waits for ${waitingFor}`
}

function inOrder(items: readonly JsonObject[]): readonly JsonObject[] {
  const rank = ({ kind, state }: JsonObject) =>
    KINDS.indexOf(toText(kind)) * STATE_ORDER.length + STATE_ORDER.indexOf(toText(state))
  return items.toSorted((a, b) => rank(a) - rank(b) || toText(b.notAfter).localeCompare(toText(a.notAfter)))
}
