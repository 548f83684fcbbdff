import type { FindingCode } from '../finding-codes.ts'
import type { Node, Objection, ObjectNode } from './node.ts'
import { hasLabels, SELECTOR } from './scope.ts'

const MUTUAL_TLS: Node = {
  is: 'object',
  fields: { mode: { is: 'enum', values: ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'] } },
}

/** `istio.security.v1.PeerAuthentication`. */
export const PEER_AUTHENTICATION: ObjectNode = {
  is: 'object',
  fields: {
    selector: SELECTOR,
    mtls: MUTUAL_TLS,
    portLevelMtls: {
      is: 'map',
      of: MUTUAL_TLS,
      max: { count: 65_535, code: 'portlevel-port' },
      emptyCode: 'portlevel-empty',
      checkKey: checkPort,
      isKeyDecodable: isUint32,
    },
  },
  check: checkPortLevel,
}

function checkPortLevel(spec: Readonly<Record<string, unknown>>): readonly Objection[] {
  if (!Object.hasOwn(spec, 'portLevelMtls') || hasLabels(spec.selector)) return []
  return [{ code: 'portlevel-needs-selector', field: 'portLevelMtls' }]
}

function checkPort(key: string): readonly FindingCode[] {
  const port = /^\d{1,10}$/.test(key) ? Number(key) : 0
  return port >= 1 && port <= 65_535 ? [] : ['portlevel-port']
}

function isUint32(key: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(key) && Number(key) <= 0xffff_ffff
}
