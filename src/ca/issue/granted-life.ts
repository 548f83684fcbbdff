import { AppError } from '../../kernel/errors.ts'

/** Bounds of what is issued, in seconds. */
export interface LifeOptions {
  readonly defaultTtl: number
  readonly maxTtl: number
  readonly minTtl: number
  readonly rejectOverMax: boolean
}

/** The life that is granted: the default, raised to the minimum, clamped to (or refused above) the maximum. */
export function grantedLife(wanted: number | undefined, options: LifeOptions): number {
  if (wanted === undefined) return options.defaultTtl
  if (wanted > options.maxTtl && options.rejectOverMax) {
    const detail = { wanted: `at most ${options.maxTtl} s`, seen: `${wanted} s` }
    throw new AppError('issue.ttl_invalid', 'the requested life is above the maximum', detail)
  }
  return Math.min(Math.max(wanted, options.minTtl), options.maxTtl)
}
