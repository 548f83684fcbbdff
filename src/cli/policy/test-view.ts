import { type Column, layTable } from '../layout.ts'
import type { Style } from '../style.ts'
import { counted } from './counted.ts'
import { toReadableRules } from './readable-rules.ts'
import type { Failure } from './run-cases.ts'
import type { TestReport } from './test-report.ts'

/** Each disagreement, and the sum. */
export function toTestView(report: TestReport, style: Style): string {
  const { cases, decisions, failed, failures } = report
  const all = `${counted(decisions, 'decision')} of ${counted(cases, 'case')}`
  if (failed === 0) return `${style.good('passed')}: ${all}\n`
  const hidden = failed - failures.length
  const more = hidden === 0 ? '' : style.dim(`… and ${hidden} more\n`)
  return `${layTable(COLUMNS, failures, style)}${more}\n${style.bad('failed')}: ${failed} of ${all}\n`
}

const COLUMNS: readonly Column<Failure>[] = [
  { heading: 'CASE', cell: ({ request, case: name }) => (request.startsWith(name) ? request : `${name} ${request}`) },
  { heading: 'WANTED', cell: toWantedText },
  { heading: 'GOT', cell: toGotText },
  { heading: 'WHY', cell: ({ got }) => got.invalid ?? toReadableRules(got.reason ?? '') },
]

/** `deny 403`, with whatever else differs. */
export function toWantedText({ wanted, fields }: Failure): string {
  if ('invalid' in wanted) return 'invalid policies'
  if (!('expect' in wanted)) return toText(wanted, fields)
  return [String(wanted.expect), ...(wanted.policy === undefined ? [] : [`by ${wanted.policy}`])].join(' ')
}

/** The same of what was decided. */
export function toGotText({ got, fields, wanted }: Failure): string {
  if (got.invalid !== undefined) return 'invalid policies'
  const byRule =
    'expect' in wanted && fields.includes('policy') ? ` by ${got.policy ?? got.allowedBy ?? 'no rule'}` : ''
  return 'expect' in wanted ? `${toText(got, [])}${byRule}` : toText(got, fields)
}

function toText(outcome: object, fields: readonly string[]): string {
  const values = new Map<string, unknown>(Object.entries(outcome))
  const main = [values.get('decision'), values.get('status')].filter((value) => value !== undefined).join(' ')
  const others = fields.filter((field) => field !== 'decision' && field !== 'status')
  return [main, ...others.map((field) => `${field}=${JSON.stringify(valueAt(values, field)) ?? 'none'}`)].join(' ')
}

/** `upstream.headers.x-a` is looked up in steps; the name of a header has no dot. */
function valueAt(values: ReadonlyMap<string, unknown>, field: string): unknown {
  const [first = '', ...deeper] = field.split('.')
  return deeper.reduce<unknown>(memberOf, values.get(first))
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
