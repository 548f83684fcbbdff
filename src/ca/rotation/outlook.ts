import type { Moment } from './moment.ts'
import type { RotationPlan } from './next-step.ts'
import type { RotationView } from './slots.ts'

/** Everything that foretells: what there is, what is known of its uptake, and by which rules it goes on. */
export interface Outlook {
  readonly view: RotationView
  readonly moment: Moment
  readonly plan: OutlookPlan
}

/** As it is when a command says whether a new root is certified by the old one. */
export function withCrossSign(outlook: Outlook, crossSign: boolean | undefined): Outlook {
  return crossSign === undefined ? outlook : { ...outlook, plan: { ...outlook.plan, crossSign } }
}

interface OutlookPlan extends RotationPlan {
  /** Life of the longest certificate that can still be issued. */
  readonly longestLeafSeconds: number
}
