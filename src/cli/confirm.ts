import { CommandError } from './command-error.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'

/** Asks a person to go on; `cancelled` when that one does not, `usage` where nobody can be asked. */
export async function confirm({ io }: Session, question: string): Promise<void> {
  if (io.ask === null) throw CommandError.of('usage', 'there is nobody to ask here: say --yes')
  const answer = await io.ask(toSafeText(question))
  if (!/^y(es)?$/i.test(answer.trim())) throw CommandError.of('cancelled', 'nothing was done')
}
