import { toText } from './cells.ts'
import { CommandError, NegativeResult } from './command-error.ts'
import { toVerdict } from './import-authority.ts'
import { objectOf, objectsOf } from './json.ts'
import { layFields } from './layout.ts'
import type { Session } from './session.ts'

/** How the directory of `authority.import` is; exits 1 when what it holds is not in force. */
export async function showImportStatus(session: Session): Promise<void> {
  const { style } = session
  const status = await session.client().json({ method: 'GET', path: '/v1/status' })
  const { authorityImport = null } = status
  if (authorityImport === null) {
    throw CommandError.of('resource.not_found', 'no directory is imported: set `authority.import.directory`')
  }
  const state = objectOf(status, 'authorityImport')
  session.show(authorityImport, () => {
    const fields = layFields(
      [
        ['Directory', toText(state.directory)],
        ['Intermediate', toText(state.authority)],
        ['Read', style.time(toText(state.readAt))],
        ['Accepted', style.time(toText(state.acceptedAt))],
        ['Problem', state.ok === true ? undefined : toText(state.problem)],
      ],
      style,
    )
    return `${fields}${toVerdict(session, state.ok === true, objectsOf(state, 'findings'))}`
  })
  if (state.ok !== true) throw new NegativeResult()
}
