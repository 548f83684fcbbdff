import { type Client, type Clients, issueClients, toPeer } from './clients.ts'
import type { Adapt } from './cluster.ts'
import { sendBytes } from './exchange.ts'
import { type Mesh, startMesh } from './mesh.ts'
import { freePort, LOCAL, startEnvoy } from './proxies.ts'
import { startTcpWorkload } from './upstream.ts'

/** Envoy before `shop/ledger`, and those who connect. */
export interface TcpProxy {
  readonly mesh: Mesh
  readonly port: number
  readonly clients: Clients
}

/** Envoy before a workload of connections, and the service, as the recipe has them. */
export async function openTcpRecipe(adapt: Adapt = (config) => config): Promise<TcpProxy> {
  const mesh = await startMesh('envoy-tcp', [])
  const [clients, directory, workload, port] = await Promise.all([
    issueClients(mesh),
    mesh.issue('shop', 'ledger'),
    startTcpWorkload(),
    freePort(),
  ])
  const config = mesh.recipe('envoy.yaml', {
    'address: 0.0.0.0, port_value: 5432': `address: ${LOCAL}, port_value: ${port}`,
    'port_value: 15015': `port_value: ${mesh.decisionsPort}`,
    'port_value: 15432': `port_value: ${workload}`,
    '/etc/alcazar/ledger': directory,
  })
  await startEnvoy(adapt(config, mesh.service, directory), port)
  return { mesh, port, clients }
}

/** Whether a line comes back from the workload. */
export async function connects({ port, clients }: TcpProxy, client: Client, sni: string | null): Promise<boolean> {
  return (await sendBytes({ port, as: clients.get(client) ?? null, sni }, 'hello\n')) === 'hello\n'
}

/** Whether `POST /v1/decisions` allows the connection. */
export async function isAllowed({ mesh, port }: TcpProxy, client: Client, sni: string | null): Promise<boolean> {
  const asked = { protocol: 'tcp', port, sourceIp: LOCAL, peer: toPeer(client, sni) } as const
  return (await mesh.decide('shop/ledger', asked)).decision === 'allow'
}
