import { Readable } from 'node:stream'
import type { HttpDeps, HttpLimits, HttpObserver } from '../../src/api/http/deps.ts'
import type { Issued, IssuerChain } from '../../src/ca/issue/issuance.ts'
import type { Role } from '../../src/identity/evidence.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { type Log, silentLog } from '../../src/kernel/log.ts'
import { openRequestIds } from '../../src/kernel/request-id.ts'
import { MeshResources } from '../../src/mesh/mesh-resources.ts'
import { fakeDecisions, fakeInspection } from './fake-decisions.ts'
import { FakeClock, FakeResourceStore } from './fakes.ts'

/** 2026-11-21T03:00:00Z. */
export const NOW = 1_795_230_000
export const BUNDLE_ETAG = '"3-abc"'

const chain: IssuerChain = {
  authority: 'a'.repeat(40),
  intermediates: ['-----BEGIN CERTIFICATE-----\nINTERMEDIATE\n-----END CERTIFICATE-----\n'],
  roots: ['-----BEGIN CERTIFICATE-----\nROOT\n-----END CERTIFICATE-----\n'],
  bundleSequence: 3,
}

/** What the fake use case answers. */
export const ISSUED: Issued = {
  serial: '0f3c'.padEnd(32, '0'),
  identity: 'spiffe://cluster.local/ns/default/sa/web',
  notBefore: NOW - 120,
  notAfter: NOW + 3600,
  renewAfter: NOW + 1800,
  issuedAt: NOW * 1000,
  leaf: '-----BEGIN CERTIFICATE-----\nLEAF\n-----END CERTIFICATE-----\n',
  issuer: chain,
}

export const LIMITS: HttpLimits = {
  body: 65_536,
  decisionBody: 4_194_304,
  resourcesBody: 1_048_576,
  connections: 10_000,
  headers: 32_768,
  headerTimeout: 5,
  bodyTimeout: 10,
}

/** Remembers what the listeners told of themselves. */
export class FakeObserver implements HttpObserver {
  readonly requests: (readonly [route: string, status: number])[] = []
  readonly limits: string[] = []

  request(route: string, status: number): void {
    this.requests.push([route, status])
  }

  limitHit(limit: string): void {
    this.limits.push(limit)
  }
}

/** A log that keeps what it was told. */
export class FakeLog implements Log {
  readonly lines: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  readonly debug = silentLog.debug
  readonly info = silentLog.info
  readonly warn = silentLog.warn

  error(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ event, fields })
  }
}

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }

/** `Bearer viewer`, `Bearer operator`, `Bearer admin`, and the admin socket, which may everything. */
const authorize: HttpDeps['authorize'] = async ({ bearer, localAdmin }, minimum) => {
  if (localAdmin) return { actor: 'local' }
  if (bearer === undefined) throw new AppError('auth.missing', 'no proof')
  const rank = Object.entries(RANK).find(([role]) => role === bearer)?.[1] ?? -1
  if (rank < RANK[minimum]) throw new AppError('auth.forbidden', `this needs the role \`${minimum}\``)
  return { actor: bearer }
}

/** No tokens; every creation succeeds. */
export const fakeTokens: HttpDeps['tokens'] = {
  create: async ({ identity, uses = 1 }, actor) => ({
    id: 't1',
    token: 'alcz_secret',
    identity,
    createdAt: NOW * 1000,
    createdBy: actor,
    expiresAt: NOW + 600,
    uses,
    used: 0,
    revoked: false,
  }),
  list: async () => ({ items: [], next: null }),
  revoke: async () => false,
}

/** One token for everybody, and no keys. */
export const fakeJwts: HttpDeps['jwts'] = {
  issue: async () => ({
    token: 'aaa.bbb.ccc',
    identity: ISSUED.identity,
    expiresAt: NOW + 300,
    kid: 'k1',
    serial: ISSUED.serial,
  }),
  onUnread: () => {},
  keys: { published: () => [] },
  issuer: null,
}

/** An empty deny list; every denial succeeds. */
export const fakeDeny: HttpDeps['deny'] = {
  add: async ({ kind, value, reason, actor }) => ({
    entry: { kind, value, reason, reasonCode: 'unspecified', actor, at: NOW * 1000, notAfter: null },
    certificates: 0,
  }),
  list: async () => ({ items: [], next: null }),
  remove: async () => {},
}

const NOT_FIT = { accepted: false, id: null, authorities: [], findings: [] }

/** No foreign trust domains, and none can be added. */
export const fakeFederation: HttpDeps['federation'] = {
  list: () => [],
  add: async () => notFederated(),
  refresh: async () => notFederated(),
  remove: async () => notFederated(),
  bundleOf: () => null,
  onChange: () => () => {},
}

function notFederated(): never {
  throw new AppError('resource.not_found', 'there is no federation')
}

/** Nothing is fit to be imported. */
export const fakeImporter: HttpDeps['importer'] = {
  check: async () => NOT_FIT,
  import: async () => NOT_FIT,
  createCsr: async (keyType) => ({ id: 'a'.repeat(40), keyType, csr: 'PEM\n' }),
}

const PLAN = {
  prepareAt: 0.5,
  activateAt: 0.83,
  automatic: ['intermediate', 'jwt'],
  publishSeconds: { root: 0, jwt: 300 },
  jwtTtlSeconds: 300,
  crossSign: false,
  skewSeconds: 60,
  longestLeafSeconds: 86_400,
} as const

const noRotator = async () => {
  throw new AppError('authority.invalid_transition', 'there are no authorities')
}

/** No authorities, and nothing to be done with them. */
export const fakeAuthorities: HttpDeps['authorities'] = {
  outlook: async () => ({
    view: { authorities: [], rotations: [], bundleSequence: 3 },
    moment: { now: NOW, live: [] },
    plan: PLAN,
  }),
  rotator: {
    prepare: noRotator,
    activate: noRotator,
    taint: noRotator,
    revoke: noRotator,
    retire: noRotator,
    abort: noRotator,
    rotate: noRotator,
    force: noRotator,
  },
}

/** An API whose parts all answer; `overrides` replaces some. */
export function fakeDeps(overrides: Partial<HttpDeps> = {}): HttpDeps {
  return {
    version: '0.0.0-test',
    trustDomain: 'cluster.local',
    limits: () => LIMITS,
    nextRequestId: openRequestIds(),
    observer: new FakeObserver(),
    log: new FakeLog(),
    clock: new FakeClock(NOW * 1000),
    issue: async () => ISSUED,
    onUnread: () => {},
    jwts: fakeJwts,
    bundle: {
      current: () => ({ sequence: 3, roots: [], pem: 'PEM\n', spiffe: '{"keys":[]}', etag: BUNDLE_ETAG }),
      onChange: () => () => {},
    },
    reportBundle: () => {},
    authorities: fakeAuthorities,
    crls: { current: () => ({ states: [], pem: '', etag: '"none"' }) },
    deny: fakeDeny,
    federation: fakeFederation,
    importer: fakeImporter,
    signIntermediate: async () => ({
      serial: ISSUED.serial,
      notBefore: NOW,
      notAfter: NOW + 86_400,
      chain: [ISSUED.leaf],
      roots: [ISSUED.leaf],
    }),
    intermediateKeyType: 'ec-p256',
    issuance: { listIssued: async () => ({ items: [], next: null }) },
    audit: {
      list: async () => [],
      verify: async () => ({ checked: 0, problem: null, next: null }),
      export: async () => Readable.from([]),
    },
    tokens: fakeTokens,
    resources: new MeshResources({
      store: new FakeResourceStore(),
      clock: new FakeClock(NOW * 1000),
      log: silentLog,
      watched: new Set(),
    }),
    decisions: fakeDecisions(),
    inspection: fakeInspection(),
    revokeCertificate: async () => {},
    backup: async () => Readable.from([Buffer.from('sealed')]),
    restoration: null,
    status: async () => ({
      version: '0.0.0-test',
      trustDomain: 'cluster.local',
      startedAt: NOW * 1000,
      ready: true,
      problems: [],
      authorities: [],
      bundle: { sequence: 3, roots: 1 },
      listeners: [{ name: 'https', address: '127.0.0.1:1' }],
      token: null,
      record: { depth: 0, ok: true, restored: null },
      servingCertificate: { notAfter: NOW + 86_400 },
      authorityImport: null,
      resources: { isLoaded: true, version: 0, count: 0, watched: [] },
      federation: [],
    }),
    authorize,
    ...overrides,
  }
}
