import { field, timeField } from './cells.ts'
import type { JsonObject } from './json.ts'
import type { Column } from './layout.ts'
import type { Style } from './style.ts'

/** How foreign trust domains are shown: whose bundle, how the last attempt went, when it is tried again. */
export function federationColumns(style: Style): readonly Column<JsonObject>[] {
  return [
    field('TRUST DOMAIN', 'trustDomain'),
    field('PROFILE', 'profile'),
    { ...field('STATE', 'state'), paint: (text, { state }) => (state === 'ok' ? style.good(text) : style.warn(text)) },
    field('ROOTS', 'roots'),
    field('SEQUENCE', 'sequence'),
    timeField('FETCHED', 'fetchedAt', style),
    timeField('NEXT', 'nextFetchAt', style),
    field('URL', 'url'),
    field('ERROR', 'error'),
  ]
}
