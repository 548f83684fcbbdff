/** What validation needs of a URL. */
export interface GoUrl {
  /** Lower case; empty for a relative reference. */
  readonly scheme: string
  /** Text behind the host's colon; empty when there is none. */
  readonly port: string
}

/**
 * A URL as Go's `net/url` reads it, null where it would fail: `reference` is `url.Parse`, as istiod's webhook calls it,
 * `request` is `url.ParseRequestURI`, as CEL's `url()` does. Both take what `URL` refuses (port 99999, no host).
 */
export function parseGoUrl(text: string, form: 'reference' | 'request'): GoUrl | null {
  if (hasControl(text)) return null
  const url = form === 'reference' ? (text.split('#', 1)[0] ?? '') : text
  if (url === '' && form === 'request') return null
  const [scheme, behind] = splitScheme(url)
  if (scheme === null) return null
  const rest = behind.split('?', 1)[0] ?? ''
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { scheme, port: '' } // opaque, such as mailto:x
    if (form === 'request' || (rest.split('/', 1)[0] ?? '').includes(':')) return null
  }
  if (!rest.startsWith('//') || (scheme === '' && (form === 'request' || rest.startsWith('///')))) {
    return isEscapedRight(rest) ? { scheme, port: '' } : null
  }
  const slash = rest.indexOf('/', 2)
  const authority = rest.slice(2, slash === -1 ? rest.length : slash)
  const port = isEscapedRight(rest) ? portOf(authority) : null
  return port === null ? null : { scheme, port }
}

/** The scheme in lower case and the text behind it; null for a colon at the very start. */
function splitScheme(url: string): readonly [string | null, string] {
  if (url.startsWith(':')) return [null, url]
  const match = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(url)
  if (match === null) return ['', url]
  return [match[0].slice(0, -1).toLowerCase(), url.slice(match[0].length)]
}

/** The port of an authority, null if it is malformed. */
function portOf(authority: string): string | null {
  const at = authority.lastIndexOf('@')
  if (at !== -1 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at))) return null
  const host = authority.slice(at + 1)
  const behind = host.startsWith('[') ? (/^\[[^\]]*\](.*)$/.exec(host)?.[1] ?? null) : behindColon(host)
  if (behind === null || !/^(?::\d*)?$/.test(behind)) return null
  return /[\s<>"`{}|\\^]/.test(host) ? null : behind.slice(1)
}

function behindColon(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon === -1 ? '' : host.slice(colon)
}

function isEscapedRight(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text)
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < 0x20 || c === 0x7f) return true
  }
  return false
}
