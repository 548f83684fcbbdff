import { PATH_NORMALIZATIONS } from '../../../../src/mesh/mesh-settings.ts'
import type { Policy } from '../../../../src/mesh/resource.ts'
import type { Random } from '../../der-mutations.ts'
import type { Request, Row } from '../row.ts'
import { GATEWAY_LABEL, LABELS, MESHES, WORKLOAD_IPS } from './alphabet.ts'
import { drawPeerAuthentication, drawRequestAuthentication } from './authentications.ts'
import { drawAuthorizationPolicy } from './authorization-policies.ts'
import { oneIn, pick, times } from './dice.ts'
import { drawRequest } from './requests.ts'
import type { Setting, Theme } from './setting.ts'
import type { Credentials } from './tokens.ts'

/** A row of the corpus to which nobody knows the outcomes yet. */
export interface OpenRow extends Row {
  readonly requests: readonly Request[]
}

/** Draws policies that Istio accepts and requests that are likely to meet them. */
export function drawRow(dice: Random, credentials: Credentials, requests: number): OpenRow {
  const theme = pick<Theme>(dice, ['any', 'any', 'token'])
  const trust = pick(dice, MESHES)
  const rootNamespace = pick(dice, ['istio-system', 'istio-system', 'istio-system', 'foo', ''])
  const labels = { ...pick(dice, LABELS), ...(oneIn(dice, 4) ? { [GATEWAY_LABEL]: 'gw' } : {}) }
  const trustDomains = [trust.trustDomain, ...trust.trustDomainAliases]
  return {
    mesh: { rootNamespace, ...trust, pathNormalization: pick(dice, ['', ...PATH_NORMALIZATIONS]) },
    workload: {
      namespace: 'foo',
      labels,
      ip: pick(dice, WORKLOAD_IPS),
      ports: oneIn(dice, 4) ? { 'http-web': 8080, 'tcp-db': 3306 } : null,
    },
    policies: drawPolicies(dice, { theme, rootNamespace, dated: oneIn(dice, 3), keySets: credentials.keySets }),
    requests: times(requests, () => drawRequest(dice, { trustDomains, theme, ...credentials })),
  }
}

function drawPolicies(dice: Random, setting: Setting): readonly Policy[] {
  const authentications = setting.theme === 'token' ? 1 + dice(2) : dice(3)
  return [
    ...times(1 + dice(4), (index) => drawAuthorizationPolicy(dice, setting, index)),
    ...times(authentications, (index) => drawRequestAuthentication(dice, setting, index)),
    ...times(Math.max(0, dice(4) - 1), (index) => drawPeerAuthentication(dice, setting, index)),
  ]
}
