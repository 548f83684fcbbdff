import { toText } from './cells.ts'
import { type JsonObject, objectOf } from './json.ts'
import { toSafeText } from './safe-text.ts'
import type { Style } from './style.ts'

/** What the field `restored` says of a record, in words; undefined for a record that came out of no backup. */
export function toRestoredText(object: JsonObject, style: Style): string | undefined {
  const { at, backupAt, complete } = objectOf(object, 'restored')
  if (at === undefined) return undefined
  const [then, when] = [backupAt, at].map((time) => style.time(toSafeText(toText(time))))
  const gap =
    complete === true
      ? 'what was issued in between was carried over'
      : 'certificates issued in between are not in this record'
  return `at ${when} from a backup of ${then}: ${gap}`
}
