import type { Credentials } from './exchange.ts'
import { type Mesh, readCredentials } from './mesh.ts'

/** Service accounts that ask: `web` of `shop`, `admin` of `ops`; `nobody` comes in plaintext. */
export type Client = 'web' | 'admin' | 'nobody'

/** Those who come by mTLS, with their certificates. */
export type Clients = ReadonlyMap<Client, Credentials>

const NAMESPACES = { web: 'shop', admin: 'ops' } as const

/** A certificate for everybody who comes with one. */
export async function issueClients(mesh: Mesh): Promise<Clients> {
  const [web, admin] = await Promise.all([mesh.issue(NAMESPACES.web, 'web'), mesh.issue(NAMESPACES.admin, 'admin')])
  return new Map([
    ['web', readCredentials(web)],
    ['admin', readCredentials(admin)],
  ])
}

/** What TLS says of the client, as `POST /v1/decisions` takes it. */
export function toPeer(client: Client, sni: string | null) {
  return client === 'nobody' ? null : { uriSans: [`spiffe://cluster.local/ns/${NAMESPACES[client]}/sa/${client}`], sni }
}
