import { compileIdentityRule } from '../identity/identity-rule.ts'
import { problemOfSpiffeId, problemOfTrustDomain } from '../identity/spiffe-id.ts'
import { text } from './readers.ts'

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** The trust domain and what stands for it in an identity template. */
const TEMPLATE_START = 'spiffe://{trustDomain}/'

export const trustDomain = text('trust domain name', problemOfTrustDomain)
export const spiffeId = text('SPIFFE ID', problemOfSpiffeId)

/** A SPIFFE ID, or the IDs below one: a last segment `*`, and no other wildcard. */
export const spiffePattern = text('SPIFFE ID, the last segment may be `*`', (value) => {
  if (!value.endsWith('/*')) return problemOfSpiffeId(value)
  return problemOfSpiffeId(value.slice(0, -2))
})

/** `kubernetes`, or a template whose result is a SPIFFE ID of our trust domain whatever the claims hold. */
export const identityTemplate = text('`kubernetes` or a template', (value) => {
  if (value === 'kubernetes') return null
  if (!value.startsWith(TEMPLATE_START)) return `must be \`kubernetes\` or start with \`${TEMPLATE_START}\``
  const rule = compileIdentityRule(value, 'example.org')
  return typeof rule === 'string' ? rule : null
})

/** The issuer exactly as tokens spell it, an absolute URL. */
export const issuer = text('URL', (value) => problemOfUrl(value) ?? (value.includes('?') ? 'must have no query' : null))

/** The issuer of our own tokens: what is fetched goes behind it (OpenID Connect Discovery 1.0 §3). */
export const oidcIssuer = text('https URL', (value) => {
  const problem = problemOfUrl(value)
  if (problem !== null) return problem
  if (!value.startsWith('https://')) return 'must be an https URL'
  return value.includes('?') || value.includes('#') ? 'must have no query or fragment' : null
})

/** A server and nothing behind it. */
export const httpsOrigin = text('https URL', (value) => {
  const parsed = URL.parse(value)
  return parsed?.protocol === 'https:' && [parsed.origin, `${parsed.origin}/`].includes(value)
    ? null
    : 'must be `https://host:port` in lower case with nothing behind it'
})

/** Where something is fetched from; whether plain http will do is for the one who fetches to say. */
export const url = text('URL', problemOfUrl)

function problemOfUrl(value: string): string | null {
  const parsed = URL.parse(value)
  if (parsed === null || !/^https?:\/\//.test(value)) return 'must be an absolute URL'
  return parsed.hash !== '' || parsed.username !== '' || parsed.password !== '' ? 'must have no fragment or user' : null
}

/** Where a provider listens: what is asked goes behind it, so it has no query. */
export const providerUrl = text('URL', (value) => {
  const problem = problemOfUrl(value)
  return problem === null && value.includes('?') ? 'must have no query' : problem
})

/** The name of a server, to compare a certificate with. */
export const host = text('host name', (value) =>
  /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(value) ? null : 'must be the name of a host',
)

/** A host name that may stand in a certificate; the first label may be `*`. */
export const dnsName = text('DNS name', (value) => {
  const labels = value.startsWith('*.') ? value.slice(2).split('.') : value.split('.')
  const fits =
    value.length <= 253 && labels.every((label) => DNS_LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
  return fits ? null : 'must be a lower-case DNS name'
})

/** A Kubernetes namespace: one DNS label (RFC 1123). */
export const namespace = text('namespace', (value) =>
  DNS_LABEL.test(value) ? null : 'must be one lower-case DNS label',
)

export const path = text('path', (value) => (value === '' || value.includes('\0') ? 'must be a path' : null))

/** Of a PKCS #11 token: padded with blanks to 32 octets (v2.40 §3.2), which are no part of it. */
export const tokenLabel = text('token label', (value) =>
  value === '' || Buffer.byteLength(value) > 32 || value.trim() !== value
    ? 'must be 1 to 32 octets without blanks around them'
    : null,
)

export const variableName = text('environment variable', (value) =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? null : 'must be the name of an environment variable',
)

export const sha256 = text('64 hex digits', (value) =>
  /^[0-9a-f]{64}$/.test(value) ? null : 'must be 64 lower-case hex digits',
)

export const word = text('text', (value) =>
  value === '' || value.length > 1024 || /[^\x21-\x7e]/.test(value)
    ? 'must be 1 to 1024 printable characters without spaces'
    : null,
)

export const storeUrl = text('`sqlite:` or `sqlite:PATH`', (value) => {
  if (/^postgres(ql)?:/.test(value)) return 'not available in this version; use `sqlite:`'
  return value.startsWith('sqlite:') && !value.includes('\0') ? null : 'must be `sqlite:` or `sqlite:PATH`'
})
