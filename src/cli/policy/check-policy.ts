import { NegativeResult } from '../command-error.ts'
import { toSafeText } from '../safe-text.ts'
import type { Session } from '../session.ts'
import type { Style } from '../style.ts'
import type { Answer } from './answer.ts'
import { type Asked, askPolicies } from './ask.ts'
import { toExplanation } from './explanation-view.ts'
import { toReadableRules } from './readable-rules.ts'

/** `policy check`: the decision in one line; ends with exit code 1 where it is not to allow. */
export async function checkPolicy(session: Session, asked: Omit<Asked, 'explain'>): Promise<void> {
  const answer = await askPolicies(session, { ...asked, explain: false })
  session.show(answer, () => toLine(answer, session.style))
  if (answer.decision !== 'allow') throw new NegativeResult()
}

function toLine({ decision, status, reason }: Answer, style: Style): string {
  if (decision === 'allow') return `${style.good('allow')}\n`
  const verdict = ['deny', ...(status === undefined ? [] : [status])].join(' ')
  return `${style.bad(verdict)}: ${toSafeText(toReadableRules(reason))}\n`
}

/** `policy explain`: the decision with everything that led to it, in less than a screen. */
export async function explainPolicy(session: Session, asked: Omit<Asked, 'explain'>): Promise<void> {
  const answer = await askPolicies(session, { ...asked, explain: true })
  session.show(answer, () => toExplanation(answer, { options: asked.options, style: session.style }))
}
