import type { FindingCode } from '../finding-codes.ts'
import { isLongerThan, type Objection, type ObjectNode, shortText } from './node.ts'
import { textMap } from './scope.ts'

export const UNIX_PREFIX = 'unix://'
const PORT_NAME = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/
const MAX_UINT32 = 0xffff_ffff

/** `istio.networking.v1.WorkloadEntry`. */
export const WORKLOAD_ENTRY: ObjectNode = {
  is: 'object',
  fields: {
    address: { is: 'text', check: checkAddress },
    ports: {
      is: 'map',
      of: { is: 'integer', min: 1, max: 65_535, code: 'workload-port' },
      max: { count: 128, code: 'workload-ports-too-many' },
      checkKey: (name) => (name.length < 63 && PORT_NAME.test(name) ? [] : ['workload-port-name']),
    },
    labels: textMap(256, 'labels-too-many'),
    network: shortText(2048, 'text-too-long'),
    locality: shortText(2048, 'text-too-long'),
    weight: { is: 'integer', min: 0, max: MAX_UINT32, code: 'weight-bad' },
    serviceAccount: shortText(253, 'text-too-long'),
  },
  check: checkEntry,
}

function checkAddress(address: string): readonly FindingCode[] {
  if (isLongerThan(address, 256)) return ['address-too-long']
  if (!address.startsWith(UNIX_PREFIX)) return []
  const first = address[UNIX_PREFIX.length]
  return (first === '/' || first === '@') && !address.endsWith('/') ? [] : ['uds-path']
}

function checkEntry(entry: Readonly<Record<string, unknown>>): readonly Objection[] {
  const { address, network } = entry
  if (address === undefined && network === undefined) return [{ code: 'address-missing', field: 'address' }]
  const isSocket = typeof address === 'string' && address.startsWith(UNIX_PREFIX)
  return isSocket && Object.hasOwn(entry, 'ports') ? [{ code: 'uds-ports', field: 'ports' }] : []
}
