import { issueClients } from './clients.ts'
import type { Adapt } from './cluster.ts'
import { HTTP_POLICIES } from './http-policies.ts'
import type { HttpProxy } from './http-proxy.ts'
import { startMesh } from './mesh.ts'
import { freePort, LOCAL, startEnvoy } from './proxies.ts'
import { startHttpWorkload } from './upstream.ts'

/** Envoy before a workload, and the service, as a recipe has them. */
export async function openHttpRecipe(
  name: 'envoy-grpc' | 'envoy-http',
  adapt: Adapt = (config) => config,
): Promise<HttpProxy> {
  const mesh = await startMesh(name, HTTP_POLICIES)
  const [clients, directory, workload, port] = await Promise.all([
    issueClients(mesh),
    mesh.issue('shop', 'orders'),
    startHttpWorkload(),
    freePort(),
  ])
  const config = mesh.recipe('envoy.yaml', {
    'address: 0.0.0.0, port_value: 8443': `address: ${LOCAL}, port_value: ${port}`,
    'port_value: 15015': `port_value: ${mesh.decisionsPort}`,
    'port_value: 8080': `port_value: ${workload}`,
    '/etc/alcazar/orders': directory,
  })
  await startEnvoy(adapt(config, mesh.service, directory), port)
  return { mesh, port, clients }
}
