import { parseArgs } from 'node:util'
import { benchIssuance } from './issuance.ts'

// npm run bench -- [--only issuance] [--output json]: measures the hot paths next to the crypto floor of the same run.

const { values } = parseArgs({
  options: { only: { type: 'string', default: 'issuance' }, output: { type: 'string', default: 'table' } },
})
if (values.only !== 'issuance') {
  process.stderr.write(`there is no bench \`${values.only}\`; known: issuance\n`)
  process.exit(2)
}
const { floorUs, figures, detail } = await benchIssuance()
const result = { cryptoFloorUs: floorUs, issuance: figures, detail }
const rounded = JSON.stringify(
  result,
  (_key, value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value),
  2,
)
if (values.output === 'json') {
  process.stdout.write(`${rounded}\n`)
} else {
  const rows = [['cryptoFloorUs', floorUs], ...Object.entries(figures), ...Object.entries(detail)] as [string, number][]
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(20)} ${value.toFixed(3).padStart(12)}\n`)
}
