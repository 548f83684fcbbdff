import { isUtf8 } from 'node:buffer'
import { AppError } from '../../kernel/errors.ts'
import type { Headers } from '../../policy/request.ts'

/** What proxies tell beside the request, by the part of the name behind `x-alcazar-`. */
const TOLD = 'x-alcazar-'

/**
 * Header fields of the client's request as a proxy copied them. Envoy joins repeated ones unless it is told to send them
 * raw, which nobody can see here, so they count as joined.
 */
export class ForwardedHeaders implements Headers {
  readonly joined = true
  readonly #fields: readonly (readonly [lowerCase: string, name: string, value: string])[]

  /** `raw` as Node has them, names and values in turn; throws `request.malformed` for a value that is not UTF-8. */
  constructor(raw: readonly string[], isClients: (lowerCase: string) => boolean) {
    const fields: (readonly [string, string, string])[] = []
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const [name = '', value = ''] = [raw[i], raw[i + 1]]
      const lowerCase = name.toLowerCase()
      if (isClients(lowerCase)) fields.push([lowerCase, name, toText(value)])
    }
    this.#fields = fields
  }

  values(name: string): readonly string[] {
    const found: string[] = []
    for (const field of this.#fields) if (field[0] === name) found.push(field[2])
    return found
  }

  *entries(): Iterable<readonly [string, string]> {
    for (const [, name, value] of this.#fields) yield [name, value]
  }
}

/** Whether a field is the client's own: `host` is told apart, and what we are told is none of it. */
export function isClientField(name: string): boolean {
  return name !== 'host' && !name.startsWith(TOLD)
}

/** The one value of a field that a proxy writes, null without one; `request.malformed` where it stands twice. */
export function toldBy(raw: readonly string[], name: string): string | null {
  let found: string | null = null
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== name) continue
    if (found !== null) throw new AppError('request.malformed', `the header \`${name}\` stands there twice`)
    found = raw[i + 1] ?? ''
  }
  return found
}

/** Node hands out bytes as Latin-1. */
function toText(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  if (!isUtf8(bytes)) throw new AppError('request.malformed', 'a header value is not UTF-8')
  return bytes.toString('utf8')
}
