import { isFqdn, isLabelKey, isLabelValue } from '../dns-names.ts'
import { entryPath } from '../finding.ts'
import type { WorkloadEntry } from '../resource.ts'
import { UNIX_PREFIX } from '../schema/workload-entry.ts'
import { isAddress } from './check-text.ts'
import type { Objector } from './objector.ts'

const PORT_NAME = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/

/** What istiod's webhook says of a WorkloadEntry. */
export function checkWorkloadEntry({ spec }: WorkloadEntry, say: Objector): void {
  const { address = '', network = '', ports = {}, labels = {} } = spec
  if (address === '' && network === '') say.error('spec.address', 'address-missing')
  else if (address === '') say.warning('spec.address', 'address-unset')
  if (address.startsWith(UNIX_PREFIX)) {
    const path = address.slice(UNIX_PREFIX.length)
    const isAbsolute = path.startsWith('/') && !path.endsWith('/')
    if (!isAbsolute && !path.startsWith('@')) say.error('spec.address', 'uds-path', { seen: address })
    if (Object.keys(ports).length > 0) say.error('spec.ports', 'uds-ports')
  } else if (address !== '' && !isAddress(address) && !isFqdn(address)) {
    say.error('spec.address', 'address-bad', { seen: address })
  }
  for (const [name, port] of Object.entries(ports)) {
    const path = entryPath('spec.ports', name)
    if (name.length > 63 || !PORT_NAME.test(name)) say.error(path, 'workload-port-name', { seen: name })
    if (port < 1 || port > 65_535) say.error(path, 'workload-port', { seen: port })
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!isLabelKey(key) || !isLabelValue(value))
      say.error(entryPath('spec.labels', key), 'label-bad', { seen: `${key}=${value}` })
  }
}
