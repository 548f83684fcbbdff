import { closeSync, openSync, readSync } from 'node:fs'
import type { Config } from './config.ts'
import { crossCheck } from './cross-checks.ts'
import { readEnvironment, variableOf } from './environment.ts'
import { ConfigError, type ConfigProblem } from './problems.ts'
import { MAX_FILE_BYTES, readYaml } from './read-yaml.ts'
import { isMap } from './readers.ts'
import { resolve } from './resolve.ts'
import { configSchema } from './schema.ts'

/** Where settings come from besides the file; `overrides` are the command line's and win over both. */
export interface ConfigSources {
  readonly env: NodeJS.ProcessEnv
  readonly overrides?: { readonly dataDir?: string }
}

/** The configuration of a file (none: defaults), the environment and the command line; throws `ConfigError` with every problem. */
export function loadConfig(sources: ConfigSources & { readonly file?: string }): Config {
  const { file } = sources
  return resolveConfig(file === undefined ? null : readYaml(readBounded(file), file), sources)
}

/** The same for settings that were parsed already. */
export function resolveConfig(written: unknown, { env, overrides }: ConfigSources): Config {
  const problems: ConfigProblem[] = []
  const values = readEnvironment(configSchema, env, problems)
  const fromEnvironment = [...values.keys()]
  if (overrides?.dataDir !== undefined) values.set('dataDir', overrides.dataDir)
  if (written !== null && !isMap(written)) problems.push({ path: 'the configuration', message: 'must be a map' })
  // The walk fills every key of the schema or notes a problem, so without problems its result is what the schema says.
  const config = resolve(configSchema, isMap(written) ? written : {}, '', { overrides: values, problems }) as Config
  problems.push(...crossCheck(config, problems))
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => withVariable(problem, fromEnvironment)))
  return config
}

/** Says so where a value came from the environment: the file alone would not explain it. */
function withVariable(problem: ConfigProblem, paths: readonly string[]): ConfigProblem {
  const path = paths.find(
    (set) => problem.path === set || problem.path.startsWith(`${set}.`) || problem.path.startsWith(`${set}[`),
  )
  return path === undefined ? problem : { path: problem.path, message: `${problem.message} (from ${variableOf(path)})` }
}

/** At most one byte more than is allowed, whatever the file is. */
function readBounded(file: string): Uint8Array {
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1)
  let length = 0
  try {
    const descriptor = openSync(file, 'r')
    try {
      for (;;) {
        const read = readSync(descriptor, buffer, length, buffer.length - length, null)
        length += read
        if (read === 0 || length === buffer.length) return buffer.subarray(0, length)
      }
    } finally {
      closeSync(descriptor)
    }
  } catch (cause) {
    throw new ConfigError(
      [{ path: file, message: `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}` }],
      cause,
    )
  }
}
