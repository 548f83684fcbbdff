import { type Static, Type } from 'typebox'
import { AuthorityItem, toAuthorityItem } from './authorities.ts'
import { ImportStatusBody, toImportStatus } from './authority-import.ts'
import type { App } from './base.ts'
import type { HttpDeps, ResourceStatus, Status } from './deps.ts'
import { FederationItem, toFederationItem } from './federation.ts'
import { Timestamp } from './fields.ts'
import { Problem } from './problem.ts'
import { RestoredField, toRestored } from './restored.ts'
import type { Guards } from './roles.ts'
import { toMillisTimestamp, toTimestamp } from './time.ts'

const WatchedDirectory = Type.Object({
  directory: Type.String(),
  ok: Type.Boolean({ description: 'What it holds is in force' }),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'Why not; what it held before is in force' }),
  appliedAt: Type.Union([Timestamp, Type.Null()]),
})

const StatusBody = Type.Object({
  version: Type.String(),
  trustDomain: Type.String(),
  startedAt: Timestamp,
  ready: Type.Boolean(),
  problems: Type.Array(Type.String({ description: 'What is wrong, also where it does not keep it from issuing yet' })),
  authorities: Type.Array(AuthorityItem),
  bundle: Type.Object({ sequence: Type.Integer(), roots: Type.Integer() }),
  listeners: Type.Array(Type.Object({ name: Type.String(), address: Type.String() })),
  token: Type.Union([Type.String(), Type.Null()], {
    description: 'Label of the PKCS #11 token that authority keys are made in; null: they are files',
  }),
  record: Type.Object({ depth: Type.Integer(), ok: Type.Boolean(), restored: RestoredField }),
  servingCertificate: Type.Object({ notAfter: Timestamp }),
  authorityImport: Type.Union([ImportStatusBody, Type.Null()], { description: 'The directory of `authority.import`' }),
  resources: Type.Object({
    loaded: Type.Boolean({ description: 'Without them every decision is refused' }),
    version: Type.Union([Type.Integer(), Type.Null()]),
    count: Type.Integer(),
    watched: Type.Array(WatchedDirectory),
  }),
  federation: Type.Array(FederationItem, { description: 'Foreign trust domains and how their bundles are' }),
})

/** `GET /v1/status`: how the service is, in one answer. */
export function addStatus(app: App, deps: HttpDeps, guards: Guards): void {
  const schema = {
    operationId: 'getStatus',
    summary: 'How the service is',
    tags: ['status'],
    response: { 200: StatusBody, default: Problem },
  }
  app.get('/v1/status', { ...guards.viewer, schema }, async () => toBody(await deps.status()))
}

function toBody(status: Status): Static<typeof StatusBody> {
  return {
    ...status,
    startedAt: toMillisTimestamp(status.startedAt),
    problems: [...status.problems],
    authorities: status.authorities.map(toAuthorityItem),
    listeners: status.listeners.map((listener) => ({ ...listener })),
    record: { ...status.record, restored: toRestored(status.record.restored) },
    servingCertificate: { notAfter: toTimestamp(status.servingCertificate.notAfter) },
    authorityImport: status.authorityImport === null ? null : toImportStatus(status.authorityImport),
    resources: toResources(status.resources),
    federation: status.federation.map(toFederationItem),
  }
}

function toResources({ isLoaded, version, count, watched }: ResourceStatus): Static<typeof StatusBody>['resources'] {
  const directories = watched.map(({ directory, isOk, problem, appliedAt }) => {
    return { directory, ok: isOk, problem, appliedAt: appliedAt === null ? null : toMillisTimestamp(appliedAt) }
  })
  return { loaded: isLoaded, version, count, watched: directories }
}
