import { parseStrictJson } from '../kernel/strict-json.ts'
import { address } from './address.ts'
import type { Address } from './config.ts'
import type { Reader } from './key.ts'
import { path } from './names.ts'
import { unknownName, ValueProblem } from './problems.ts'
import { choice, isMap, JSON_OPTIONS } from './readers.ts'

/** Where the SPIFFE bundle is served, and with which certificate. */
export type BundleEndpoint =
  | { readonly address: Address; readonly profile: 'https_spiffe' }
  | { readonly address: Address; readonly profile: 'https_web'; readonly certificate: string; readonly key: string }

const profileOf = choice('https_spiffe', 'https_web')
const KEYS = ['address', 'profile', 'certificate', 'key'] as const

/** The map of `listen.bundle`. */
export const bundleEndpoint: Reader<BundleEndpoint> = {
  form: 'a map',
  read(value) {
    if (!isMap(value)) throw new ValueProblem('must be `"off"` or a map with `address` and `profile`')
    const unknown = Object.keys(value).find((name) => !KEYS.some((key) => key === name))
    if (unknown !== undefined) throw new ValueProblem(unknownName('key', unknown, KEYS))
    const at = { address: within('address', () => address.read(value.address)) }
    const profile = within('profile', () => profileOf.read(value.profile))
    if (profile === 'https_web') {
      const certificate = within('certificate', () => path.read(value.certificate))
      return { ...at, profile, certificate, key: within('key', () => path.read(value.key)) }
    }
    if (value.certificate === undefined && value.key === undefined) return { ...at, profile }
    throw new ValueProblem('`certificate` and `key` are for the profile `https_web`: this one has our own SVID')
  },
  fromText: (written) => (written.startsWith('{') ? parseStrictJson(written, JSON_OPTIONS) : written),
}

function within<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ValueProblem) throw new ValueProblem(`\`${name}\` ${error.message}`)
    throw error
  }
}
