/** How a value of a policy is compared: only a first or last `*` is special, a first one wins over a last one. */
export type Pattern =
  | { readonly form: 'any' }
  | { readonly form: 'exact'; readonly text: string }
  | { readonly form: 'prefix'; readonly text: string }
  | { readonly form: 'suffix'; readonly text: string }

/** Total: every text is a pattern; `*` stands for any value (the caller says whether an empty one counts). */
export function toPattern(text: string): Pattern {
  if (text === '*') return { form: 'any' }
  if (text.startsWith('*')) return { form: 'suffix', text: text.slice(1) }
  if (text.endsWith('*')) return { form: 'prefix', text: text.slice(0, -1) }
  return { form: 'exact', text }
}

/** Whether `value` fits; `any` needs a value that is not empty. */
export function fits(pattern: Pattern, value: string): boolean {
  switch (pattern.form) {
    case 'any':
      return value !== ''
    case 'exact':
      return value === pattern.text
    case 'prefix':
      return value.startsWith(pattern.text)
    case 'suffix':
      return value.endsWith(pattern.text)
  }
}

/** Whether `value` fits one of the patterns. */
export function fitsAny(patterns: readonly Pattern[], value: string): boolean {
  for (const pattern of patterns) if (fits(pattern, value)) return true
  return false
}
