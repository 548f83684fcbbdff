import type { UnixMillis, UnixSeconds } from '../kernel/clock.ts'
import { printable } from '../kernel/printable.ts'
import { MalformedExport } from './malformed-export.ts'
import { LOGS, type LogName } from './row.ts'
import { fromMillisField, fromSecondsField } from './time-field.ts'

const HASH = /^[0-9a-f]{64}$/
const HEX = /^(?:[0-9a-f]{2})*$/

/** The fields of one JSON object, each read once; throws `MalformedExport` for what is not as it is asked for. */
export class LineFields {
  readonly #left: Map<string, unknown>

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('it is no JSON object')
    this.#left = new Map(Object.entries(value))
  }

  has(name: string): boolean {
    return this.#left.has(name)
  }

  text(name: string): string {
    const value = this.#take(name)
    return typeof value === 'string' ? value : refuse(name)
  }

  whole(name: string): number {
    const value = this.#take(name)
    return typeof value === 'number' && Number.isInteger(value) ? value : refuse(name)
  }

  seconds(name: string): UnixSeconds {
    return fromSecondsField(this.#take(name)) ?? refuse(name)
  }

  millis(name: string): UnixMillis {
    return fromMillisField(this.#take(name)) ?? refuse(name)
  }

  bytes(name: string): Buffer {
    const text = this.text(name)
    return HEX.test(text) ? Buffer.from(text, 'hex') : refuse(name)
  }

  /** 64 lower-case hex digits. */
  hash(name: string): string {
    const text = this.text(name)
    return HASH.test(text) ? text : refuse(name)
  }

  log(): LogName {
    const name = this.text('log')
    return LOGS.find((log) => log === name) ?? refuse('log')
  }

  /** The text of an object; a text as it is. */
  json(name: string): string {
    const value = this.#take(name)
    if (typeof value === 'string') return value
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : refuse(name)
  }

  object(name: string): LineFields {
    return new LineFields(this.#take(name))
  }

  /** Throws when a field was left unread. */
  end(): void {
    const [unread] = this.#left.keys()
    if (unread !== undefined) throw malformed(`the field \`${printable(unread, 40)}\` is not known`)
  }

  #take(name: string): unknown {
    const value = this.#left.get(name)
    this.#left.delete(name)
    return value
  }
}

function refuse(name: string): never {
  throw malformed(`the field \`${name}\` is not there, or not of its form`)
}

function malformed(message: string): MalformedExport {
  return new MalformedExport(message)
}
