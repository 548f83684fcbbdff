const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const FQDN_LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/
const LABEL_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const MAX_LABEL = 63
const MAX_SUBDOMAIN = 253
const MAX_FQDN = 255

/** True for a DNS label of RFC 1123 as Kubernetes wants it of namespaces: lower case, at most 63 characters. */
export function isDnsLabel(text: string): boolean {
  return text.length <= MAX_LABEL && LABEL.test(text)
}

/** True for a DNS subdomain of RFC 1123 as Kubernetes wants it of names: lower case, at most 253 characters. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= MAX_SUBDOMAIN && text.split('.').every((part) => LABEL.test(part))
}

/** True for a domain name as Istio takes it in addresses: either case, a dot at the end allowed, no numeric top level. */
export function isFqdn(text: string): boolean {
  if (text === '' || text.length > MAX_FQDN) return false
  const labels = text.split('.')
  if (labels.length > 1 && labels.at(-1) === '') labels.pop()
  if (/^[+-]?\d+$/.test(labels.at(-1) ?? '')) return false
  return labels.every((label) => label.length <= MAX_LABEL && FQDN_LABEL.test(label))
}

/** True for a label key of Kubernetes: an optional DNS prefix and a slash before a name of at most 63 characters. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/')
  const name = key.slice(slash + 1)
  if (slash !== -1 && !isDnsSubdomain(key.slice(0, slash).toLowerCase())) return false
  return name.length <= MAX_LABEL && LABEL_NAME.test(name)
}

/** True for a label value of Kubernetes: empty, or at most 63 characters with a letter or digit at both ends. */
export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= MAX_LABEL && LABEL_NAME.test(value))
}
