import { parseArgs } from 'node:util'
import { benchDecisions } from './decisions.ts'
import { reportIssuance } from './report-issuance.ts'

// npm run bench -- [--only issuance|decisions] [--output json]: measures the hot paths next to the crypto floor of the
// same run.

const BENCHES = { issuance: reportIssuance, decisions: benchDecisions } as const

const { values } = parseArgs({
  options: { only: { type: 'string', default: 'issuance' }, output: { type: 'string', default: 'table' } },
})
if (!Object.hasOwn(BENCHES, values.only)) {
  process.stderr.write(`there is no bench \`${values.only}\`; known: ${Object.keys(BENCHES).join(', ')}\n`)
  process.exit(2)
}
const report = await BENCHES[values.only as keyof typeof BENCHES]()
const rounded = (_key: string, value: unknown) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value)
if (values.output === 'json') process.stdout.write(`${JSON.stringify(report, rounded, 2)}\n`)
else for (const [name, value] of linesOf(report)) process.stdout.write(`${name.padEnd(40)} ${value.padStart(12)}\n`)

/** Every figure with its name; those of a list carry what tells the item apart. */
function linesOf(figures: object, suffix = ''): readonly (readonly [string, string])[] {
  return Object.entries(figures).flatMap(([name, value]): readonly (readonly [string, string])[] => {
    if (Array.isArray(value)) return value.flatMap((item) => linesOf(item, ` (${item.rows} rows)`))
    if (typeof value === 'object' && value !== null) return linesOf(value)
    return [[name + suffix, typeof value === 'number' ? value.toFixed(3) : 'not measured']]
  })
}
