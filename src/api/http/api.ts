import { addAuthorities } from './authorities.ts'
import { type App, buildBase } from './base.ts'
import { addBundle } from './bundle.ts'
import { addCertificates } from './certificates.ts'
import { addDecisions } from './decisions.ts'
import type { HttpDeps } from './deps.ts'
import type { Door } from './evidence.ts'
import { addIssued } from './issued.ts'
import type { CreateServer } from './node-server.ts'
import { addOpenApi } from './openapi.ts'
import { addResources } from './resources.ts'
import { buildGuards } from './roles.ts'
import { addStatus } from './status.ts'
import { addTokens } from './tokens.ts'

/** The REST API behind one door; the same routes on each. */
export function buildApi(deps: HttpDeps, door: Door, createServer: CreateServer): App {
  const app = buildBase(deps, createServer)
  const guards = buildGuards(deps, door)
  addOpenApi(app, deps.version) // first: it describes the routes that are added after it
  addCertificates(app, deps, door)
  addIssued(app, deps, guards)
  addTokens(app, deps, guards)
  addBundle(app, deps)
  addDecisions(app, deps, door)
  addResources(app, deps, guards)
  addAuthorities(app, deps, guards)
  addStatus(app, deps, guards)
  return app
}
