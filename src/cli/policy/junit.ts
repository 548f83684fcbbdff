import type { CaseResult, Failure } from './run-cases.ts'
import { toGotText, toWantedText } from './test-view.ts'

/** The results as CI systems read them: a suite for each file, a test case for each case. */
export function toJunit(results: readonly CaseResult[]): string {
  const suites = [...Map.groupBy(results, ({ file }) => file)].map(([file, cases]) => toSuite(file, cases))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="alcazar policy test">',
    ...suites,
    '</testsuites>',
  ]
    .map((line) => `${line}\n`)
    .join('')
}

function toSuite(file: string, results: readonly CaseResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length
  const head = `  <testsuite name="${toXmlText(file)}" tests="${results.length}" failures="${failed}" errors="0">`
  return [head, ...results.map(toCase), '  </testsuite>'].join('\n')
}

function toCase({ file, name, decisions, failures }: CaseResult): string {
  const head = `    <testcase classname="${toXmlText(file)}" name="${toXmlText(name)}" assertions="${decisions}"`
  if (failures.length === 0) return `${head}/>`
  return [`${head}>`, ...failures.map(toFailure), '    </testcase>'].join('\n')
}

function toFailure(failure: Failure): string {
  const { request, got } = failure
  const message = `${request}: wanted ${toWantedText(failure)}, got ${toGotText(failure)}`
  return `      <failure message="${toXmlText(message)}">${toXmlText(got.invalid ?? got.reason ?? '')}</failure>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
/** What XML 1.0 cannot carry, not even as an entity (§2.2), and line ends, which attributes lose. */
const NO_CHAR = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu

function toXmlText(text: string): string {
  return text.replace(NO_CHAR, '?').replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char)
}
