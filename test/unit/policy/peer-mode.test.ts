import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MutualTlsMode, PeerAuthentication } from '../../../src/mesh/resource.ts'
import type { Workload } from '../../../src/mesh/workload.ts'
import { compilePeerModes, modeOf, type PeerMode } from '../../../src/policy/peer-mode.ts'

const ROOT = 'istio-system'
const workload: Workload = { namespace: 'foo', name: null, labels: { app: 'web' }, ip: null, ports: new Map() }

interface Written {
  readonly ns?: string
  readonly name?: string
  readonly at?: string
  readonly labels?: Record<string, string>
  readonly mode?: MutualTlsMode
  readonly ports?: Record<string, { readonly mode?: MutualTlsMode }>
}

function policy({ ns = 'foo', name = 'p', at, labels, mode, ports }: Written): PeerAuthentication {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace: ns, ...(at === undefined ? {} : { creationTimestamp: at }) },
    spec: {
      ...(labels === undefined ? {} : { selector: { matchLabels: labels } }),
      ...(mode === undefined ? {} : { mtls: { mode } }),
      ...(ports === undefined ? {} : { portLevelMtls: ports }),
    },
  }
}

const cases: readonly (readonly [what: string, policies: readonly Written[], port: number, mode: PeerMode])[] = [
  ['nothing is PERMISSIVE', [], 8080, 'PERMISSIVE'],
  ['the mesh counts', [{ ns: ROOT, mode: 'STRICT' }], 8080, 'STRICT'],
  ['the namespace overrides the mesh', [{ ns: ROOT, mode: 'STRICT' }, { mode: 'DISABLE' }], 8080, 'DISABLE'],
  ['UNSET inherits', [{ ns: ROOT, mode: 'STRICT' }, { mode: 'UNSET' }], 8080, 'STRICT'],
  [
    'the workload overrides the namespace',
    [{ mode: 'STRICT' }, { name: 'w', labels: { app: 'web' }, mode: 'DISABLE' }],
    1,
    'DISABLE',
  ],
  ['labels that do not fit select nothing', [{ labels: { app: 'other' }, mode: 'STRICT' }], 8080, 'PERMISSIVE'],
  [
    'a labelled policy of the root namespace is void',
    [{ ns: ROOT, labels: { app: 'web' }, mode: 'STRICT' }],
    1,
    'PERMISSIVE',
  ],
  [
    'the oldest wins whole',
    [
      { name: 'b', at: '2020-01-01T00:00:00Z', mode: 'STRICT' },
      { name: 'a', at: '2021-01-01T00:00:00Z', mode: 'DISABLE' },
    ],
    1,
    'STRICT',
  ],
  [
    'then the lower name',
    [
      { name: 'b', mode: 'STRICT' },
      { name: 'a', mode: 'DISABLE' },
    ],
    1,
    'DISABLE',
  ],
  [
    'a port overrides its workload',
    [{ labels: { app: 'web' }, mode: 'STRICT', ports: { 8080: { mode: 'DISABLE' } } }],
    8080,
    'DISABLE',
  ],
  [
    'other ports do not',
    [{ labels: { app: 'web' }, mode: 'STRICT', ports: { 8080: { mode: 'DISABLE' } } }],
    8081,
    'STRICT',
  ],
  [
    'UNSET on a port inherits',
    [{ mode: 'STRICT' }, { name: 'w', labels: { app: 'web' }, ports: { 8080: { mode: 'UNSET' } } }],
    8080,
    'STRICT',
  ],
  ['ports without a selector are ignored', [{ mode: 'STRICT', ports: { 8080: { mode: 'DISABLE' } } }], 8080, 'STRICT'],
]
for (const [what, policies, port, mode] of cases) {
  test(`PeerAuthentication: ${what}`, () => {
    assert.equal(modeOf(compilePeerModes(policies.map(policy), workload, ROOT), port), mode)
  })
}

test('PeerAuthentication: in the root namespace, namespace and mesh level are one', () => {
  const modes = compilePeerModes(
    [policy({ ns: ROOT, mode: 'STRICT' }), policy({ ns: ROOT, name: 'w', labels: { app: 'web' }, mode: 'DISABLE' })],
    { ...workload, namespace: ROOT },
    ROOT,
  )
  assert.equal(modes.mode, 'STRICT')
})
