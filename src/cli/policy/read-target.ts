import { CommandError } from '../command-error.ts'

/** Where a request goes to. */
export interface HttpTarget {
  readonly method: string
  /** Raw request target, exactly as written. */
  readonly path: string
  readonly host: string
  /** Of the URL, if it has one. */
  readonly port: number | null
}

const DEFAULT_HOST = 'localhost'

/** `GET http://shop/api/items` or `GET /api/items`; nothing of it is normalised. Throws `usage`. */
export function parseTarget(text: string): HttpTarget {
  const space = text.indexOf(' ')
  const method = text.slice(0, Math.max(space, 0))
  const url = text.slice(space + 1).trim()
  if (method === '' || url === '') throw wrong(text)
  if (url.startsWith('/')) return { method, path: url, host: DEFAULT_HOST, port: null }
  const written = /^https?:\/\/([^/?#]+)(.*)$/su.exec(url)
  if (written === null) throw wrong(text)
  const [, host = '', rest = ''] = written
  const port = /:(\d{1,5})$/.exec(host)?.[1]
  return {
    method,
    host,
    path: rest.startsWith('/') ? rest : `/${rest}`,
    port: port === undefined ? null : Number(port),
  }
}

function wrong(text: string): CommandError {
  return CommandError.of('usage', `\`${text}\` is no request: write it as \`GET http://shop/api/items\``)
}
