import { CommandError } from '../command-error.ts'
import { itemsOf, stringOf } from '../json.ts'
import type { Session } from '../session.ts'

const AUTHORITY_ID = /^[0-9a-f]{40}$/
const ROTATION_ID = /^rot_[0-9a-f-]{36}$/
const ROTATION_PREFIX = 'rot_'
/** Fewer characters name one by chance. */
const MIN_PREFIX = 4

/** What an id names. */
export interface Found {
  readonly what: 'authority' | 'rotation'
  readonly id: string
}

/** The authority or rotation that an id, or its beginning, names; `resource.not_found` for none, `usage` for several. */
export async function findId(session: Session, text: string): Promise<Found> {
  const what = text.startsWith(ROTATION_PREFIX) ? 'rotation' : 'authority'
  if ((what === 'rotation' ? ROTATION_ID : AUTHORITY_ID).test(text)) return { what, id: text }
  const path = what === 'rotation' ? '/v1/rotations' : '/v1/authorities'
  const list = await session.client().json({ method: 'GET', path })
  const ids = itemsOf(list).map((item) => stringOf(item, 'id'))
  const bare = what === 'rotation' ? text.slice(ROTATION_PREFIX.length) : text
  const found = bare.length < MIN_PREFIX ? [] : ids.filter((id) => id.startsWith(text))
  const [id] = found
  if (id === undefined) throw CommandError.of('resource.not_found', `there is no ${what} \`${text}\``)
  if (found.length > 1) throw CommandError.of('usage', `\`${text}\` is the beginning of ${found.length} ids: give more`)
  return { what, id }
}
