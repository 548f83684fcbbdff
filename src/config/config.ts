import type { Static } from 'typebox'
import type { configSchema } from './schema.ts'

/** Where a listener binds; port 0 picks a free one; an IPv6 host comes without brackets. */
export interface Address {
  readonly host: string
  readonly port: number
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

/**
 * The whole configuration, complete and checked: keys as in `alcazar.yaml`, durations in seconds, sizes in bytes,
 * rates per second, and null where `"off"` lifts a limit. What each key means stands in the schema.
 */
export type Config = DeepReadonly<Static<typeof configSchema>>

/** A passphrase or PIN by reference, never in the file itself. */
export type SecretReference = NonNullable<Config['authority']['keys']['passphrase']>
