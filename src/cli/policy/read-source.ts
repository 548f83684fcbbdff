import { CommandError } from '../command-error.ts'

const SCHEME = 'spiffe://'

/**
 * Who asks, as people write it: a SPIFFE ID, the same without its scheme (as in `principals`), `ns/sa` of our own trust
 * domain, or `none` for plaintext (null). Throws `usage`.
 */
export function parseSource(text: string, trustDomain: string): string | null {
  if (text === 'none') return null
  if (text.startsWith(SCHEME)) return text
  const parts = text.split('/')
  const [first, ns, , sa] = parts
  const isWhole = parts.every((part) => part !== '')
  if (isWhole && parts.length === 2) return `${SCHEME}${trustDomain}/ns/${first}/sa/${ns}`
  if (isWhole && parts.length === 5 && ns === 'ns' && sa === 'sa') return `${SCHEME}${text}`
  throw CommandError.of('usage', `\`${text}\` names no source: write spiffe://…, td/ns/NS/sa/SA, NS/SA or none`)
}

/** Whether `parseSource` would have to know the trust domain. */
export function isShortSource(text: string): boolean {
  return text !== 'none' && !text.startsWith(SCHEME) && text.split('/').length === 2
}
