import type { Style } from '../style.ts'
import type { Answer, PolicyStep, RuleStep } from './answer.ts'
import { cut, fit } from './fit.ts'

/** More than these do not fit on a screen with everything else. */
const MAX_POLICIES = 12
const ACTION_WIDTH = 'CUSTOM'.length
/** A longer name leaves too little for what its rules say. */
const MAX_NAME_WIDTH = 36

/** A line for each policy, in the order of evaluation; of many those that decide, and then the closest ones. */
export function toPolicyLines(steps: readonly PolicyStep[], answer: Answer, style: Style): readonly string[] {
  const shown = chosen(steps, answer)
  const width = Math.min(Math.max(...shown.map(({ policy }) => policy.length), 0), MAX_NAME_WIDTH)
  const lines = shown.map((step) => {
    const text = fit(
      `${step.action.padEnd(ACTION_WIDTH)}  ${cut(step.policy, width).padEnd(width)}  ${toText(step, answer.nearestMiss?.allowedBy)}`,
      4,
    )
    return step.matched ? `  ${paintOf(step, style)(`✓ ${text}`)}` : `  ${style.dim('✗')} ${text}`
  })
  const hidden = steps.length - shown.length
  return hidden === 0 ? lines : [...lines, style.dim(`  … and ${hidden} more (use --output json)`)]
}

function chosen(steps: readonly PolicyStep[], answer: Answer): readonly PolicyStep[] {
  if (steps.length <= MAX_POLICIES) return steps
  const byRank = steps.toSorted((a, b) => rankOf(b, answer) - rankOf(a, answer))
  const kept = new Set(byRank.slice(0, MAX_POLICIES))
  return steps.filter((step) => kept.has(step))
}

/**
 * The rule that decides, then the one that would allow, then what matched, then how far the best rule got – of the
 * ALLOW policies first, where the refusal is that none of them matched.
 */
function rankOf({ action, matched, rules }: PolicyStep, { decision, policy, allowedBy, nearestMiss }: Answer): number {
  const isOf = (name: string | undefined) => name !== undefined && rules.some((rule) => rule.name === name)
  if (isOf(policy) || isOf(allowedBy)) return 9
  if (isOf(nearestMiss?.allowedBy)) return 8
  if (matched) return 7
  const isMissed = decision !== 'allow' && policy === undefined && action === 'ALLOW'
  return (isMissed ? 3 : 0) + Math.max(...rules.map(progressOf), 0)
}

/** `from` is looked at first, `when` last. */
function progressOf({ mismatch }: RuleStep): number {
  if (mismatch === undefined) return 0
  return ['from', 'to', 'when'].findIndex((part) => mismatch.field.startsWith(part)) + 1
}

function paintOf({ action, dryRun }: PolicyStep, style: Style): (text: string) => string {
  if (dryRun || action === 'AUDIT') return style.warn
  return action === 'ALLOW' ? style.good : style.bad
}

function toText(step: PolicyStep, nearest: string | undefined): string {
  const { rules, dryRun, note = '' } = step
  const best = bestOf(rules, nearest)
  const others = rules.length - 1
  const more = best === undefined || best.matched || others === 0 ? '' : ` (and ${others} more)`
  return `${dryRun ? '(dry run) ' : ''}${best === undefined ? note : `${toRuleText(best)}${more}`}`
}

/** The rule that matches, else the one that nearly did. */
function bestOf(rules: readonly RuleStep[], nearest: string | undefined): RuleStep | undefined {
  return (
    rules.find(({ matched }) => matched) ??
    rules.find(({ name }) => name !== '' && name === nearest) ??
    rules.toSorted((a, b) => progressOf(b) - progressOf(a))[0]
  )
}

function toRuleText({ rule, matched, mismatch, note }: RuleStep): string {
  if (matched) return `rule ${rule} matches`
  if (mismatch === undefined) return `rule ${rule}: ${note ?? 'does not match'}`
  const { attribute, wanted, negative, seen } = mismatch
  const saw = seen.length === 0 ? 'none' : seen.join(', ') || 'an empty one'
  return `rule ${rule}: ${attribute} ${negative ? 'must not be' : 'wants'} ${wanted.join(', ')}; saw ${saw}`
}
