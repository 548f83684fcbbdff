import type { AskProvider } from './provider.ts'
import { GRANTED, type Refusal } from './provider-answer.ts'

/** A provider of a what-if: it refuses a request in which a header holds a text. */
export interface HeaderRule {
  readonly name: string
  readonly header: string
  readonly contains: string
}

/** Answers for providers that exist in a what-if only; as with any HTTP authorizer, nothing happens on TCP. */
export function askHeaderRules(rules: readonly HeaderRule[]): AskProvider {
  const byName = new Map(rules.map((rule) => [rule.name, { ...rule, header: rule.header.toLowerCase() }]))
  return async (provider, { http }) => {
    const rule = byName.get(provider)
    if (rule === undefined) return refusal(`there is no provider \`${provider}\``)
    const isRefused = http?.headers.values(rule.header).some((value) => value.includes(rule.contains)) === true
    return isRefused ? refusal(`\`${rule.header}\` contains \`${rule.contains}\``) : GRANTED
  }
}

function refusal(reason: string): Refusal {
  return { granted: false, status: 403, headers: [], body: '', reason }
}
