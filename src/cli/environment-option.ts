import type { Option } from 'commander'
import type { Io } from './io.ts'

/** `option` with its default from a variable; commander's own `env` reads `process.env`, and here that is a parameter. */
export function fromEnvironment(env: Io['env'], name: string, option: Option): Option {
  const value = env[name]
  option.description += ` (or ${name})`
  return value === undefined || value === '' ? option : option.default(value)
}
