import type { Moment } from './gates.ts'
import type { RotationPlan } from './next-step.ts'
import type { RotationView } from './slots.ts'

/** Everything that foretells: what there is, what is known of its uptake, and by which rules it goes on. */
export interface Outlook {
  readonly view: RotationView
  readonly moment: Moment
  readonly plan: OutlookPlan
}

interface OutlookPlan extends RotationPlan {
  /** Life of the longest certificate that can still be issued. */
  readonly longestLeafSeconds: number
}
