import { addAudit } from './audit.ts'
import { addAuthorities } from './authorities.ts'
import { addAuthorityActions } from './authority-actions.ts'
import { addAuthorityImport } from './authority-import.ts'
import { addBackup } from './backup.ts'
import { type App, buildBase } from './base.ts'
import { addBundle } from './bundle.ts'
import { addCertificates } from './certificates.ts'
import { addCrl } from './crl.ts'
import { addDecisions } from './decisions.ts'
import { addDenied } from './denied.ts'
import type { HttpDeps } from './deps.ts'
import type { Door } from './evidence.ts'
import { addFederation } from './federation.ts'
import { addIssued } from './issued.ts'
import { addJwts } from './jwts.ts'
import type { CreateServer } from './node-server.ts'
import { addOidc } from './oidc.ts'
import { addOpenApi } from './openapi.ts'
import { addResources } from './resources.ts'
import { buildGuards } from './roles.ts'
import { addRotations } from './rotations.ts'
import { addSignIntermediate } from './sign-intermediate.ts'
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
  addJwts(app, deps, door)
  addOidc(app, deps)
  addBundle(app, deps)
  addCrl(app, deps)
  addDenied(app, deps, guards)
  addDecisions(app, deps, door)
  addResources(app, deps, guards)
  addAuthorities(app, deps, guards)
  addAuthorityActions(app, deps, guards)
  addRotations(app, deps, guards)
  addAuthorityImport(app, deps, guards)
  addFederation(app, deps, guards)
  addSignIntermediate(app, deps, guards)
  addAudit(app, deps, guards)
  addBackup(app, deps, guards)
  addStatus(app, deps, guards)
  return app
}
