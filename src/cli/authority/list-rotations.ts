import { field, timeField, toText } from '../cells.ts'
import type { Session } from '../session.ts'
import { toShortId } from './list-authorities.ts'
import { toProgressText } from './rotation-text.ts'

/** `authority rotations`: those that run, and those that ended of late. */
export async function listRotations(session: Session): Promise<void> {
  const list = await session.client().json({ method: 'GET', path: '/v1/rotations' })
  session.showList(list, [
    field('ID', 'id'),
    field('KIND', 'kind'),
    { heading: 'FROM', cell: ({ from }) => toShortId(toText(from)) },
    { heading: 'TO', cell: ({ to }) => toShortId(toText(to)) },
    timeField('STARTED', 'startedAt', session.style),
    { heading: 'STATE', cell: (rotation) => toProgressText(rotation, session.io.now()) },
  ])
}
