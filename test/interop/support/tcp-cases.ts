import type { Json } from '../../support/jwt-maker.ts'
import type { Client } from './clients.ts'

type Row = readonly [wanted: 'allow' | 'deny', client: Client, sni: string | null]

/** Policies that are applied over those of the stage before, and what then becomes of connections. */
export interface TcpStage {
  readonly title: string
  /** For the port that clients connect to. */
  readonly policies: (port: number) => readonly Json[]
  readonly cases: readonly Row[]
}

const WEB = { from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }

/** The stages, in their order. */
export const TCP_STAGES: readonly TcpStage[] = [
  {
    title: 'without policies everything passes',
    policies: () => [],
    cases: [
      ['allow', 'nobody', null],
      ['allow', 'web', null],
      ['allow', 'admin', 'ledger.shop'],
    ],
  },
  {
    title: 'principals, namespaces and SNI',
    policies: () => [
      policy('allow', 'ALLOW', [WEB, { when: [{ key: 'connection.sni', values: ['open.shop'] }] }]),
      policy('deny', 'DENY', [{ when: [{ key: 'connection.sni', values: ['old.shop'] }] }]),
    ],
    cases: [
      ['allow', 'web', null],
      ['allow', 'web', 'ledger.shop'],
      ['deny', 'web', 'old.shop'],
      ['deny', 'web', 'OLD.shop'],
      ['deny', 'admin', null],
      ['deny', 'admin', 'ledger.shop'],
      ['allow', 'admin', 'open.shop'],
      ['deny', 'nobody', null],
    ],
  },
  {
    title: 'addresses and ports',
    policies: (port) => [
      policy('allow', 'ALLOW', [
        { from: [{ source: { ipBlocks: ['127.0.0.0/8'] } }], to: [{ operation: { ports: [String(port)] } }] },
      ]),
      policy('deny', 'DENY', [{ from: [{ source: { namespaces: ['ops'] } }] }]),
    ],
    cases: [
      ['allow', 'nobody', null],
      ['allow', 'web', 'old.shop'],
      ['deny', 'admin', null],
      ['deny', 'admin', 'open.shop'],
    ],
  },
  {
    title: 'rules for HTTP: ALLOW loses them, DENY loses the field only',
    policies: () => [
      policy('allow', 'ALLOW', [{ to: [{ operation: { methods: ['GET'] } }] }, WEB]),
      policy('deny', 'DENY', [
        { from: [{ source: { principals: ['*/sa/admin'] } }], to: [{ operation: { paths: ['/never'] } }] },
      ]),
    ],
    cases: [
      ['allow', 'web', null],
      ['deny', 'admin', null],
      ['deny', 'nobody', null],
    ],
  },
  {
    title: 'STRICT refuses plaintext',
    policies: () => [
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'default', namespace: 'shop' },
        spec: { mtls: { mode: 'STRICT' } },
      },
      policy('allow', 'ALLOW', [{}]),
    ],
    cases: [
      ['deny', 'nobody', null],
      ['allow', 'web', null],
      ['deny', 'admin', null],
    ],
  },
]

function policy(name: string, action: string, rules: readonly Json[]): Json {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: 'shop' },
    spec: { action, rules },
  }
}
