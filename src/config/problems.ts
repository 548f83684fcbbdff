import { nearMiss } from '../kernel/near-miss.ts'
import { printable } from '../kernel/printable.ts'
import { StartupError } from '../kernel/startup-error.ts'

/** One thing wrong with the configuration: `path` as in `attestation.jwt[0].issuer`, an environment variable, or a place in the file. */
export interface ConfigProblem {
  readonly path: string
  readonly message: string
}

/** The configuration cannot be used; carries every problem found, not only the first. */
export class ConfigError extends StartupError {
  override name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[], cause?: unknown) {
    super('config.invalid', `the configuration cannot be used:\n${problems.map(toLine).join('\n')}`, cause)
    this.problems = problems
  }
}

/** A problem as people read it: `limits.rate: must be …`. */
function toLine(problem: ConfigProblem): string {
  return `${problem.path}: ${problem.message}`
}

/** What is wrong with one value; thrown by the reader of a key, collected with its path. */
export class ValueProblem extends Error {}

/** The problem of a name that is not known, with the one that was probably meant. */
export function unknownName(what: string, name: string, known: Iterable<string>): string {
  const meant = nearMiss(name, known)
  return meant === null ? `unknown ${what}` : `unknown ${what}; did you mean \`${meant}\`?`
}

/** User input as it may stand in a message: short, printable, in backticks. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return `\`${printable(text, 80)}\``
}
