import { parse, stringify } from 'yaml'
import type { Service } from '../../support/service.ts'
import { readRecipe } from './recipe.ts'

/** Changes the text of `envoy.yaml` before Envoy reads it; `directory` holds the certificate of the proxy. */
export type Adapt = (config: string, service: Service, directory: string) => string

/** Where the recipes have the service, and the listener that answers there. */
const LISTENERS = { 'envoy-grpc': ['15012', 'grpc'], 'envoy-http': ['15013', 'https'] } as const

/** Has Envoy ask as it does on another host: by the `cluster.yaml` of a recipe, over TLS with its own certificate. */
export function asksOverTls(name: keyof typeof LISTENERS): Adapt {
  const [port, listener] = LISTENERS[name]
  const recipe = readRecipe(name)
  return (config, service, directory) => {
    const cluster = recipe('cluster.yaml', {
      '/etc/alcazar/orders': directory,
      [`port_value: ${port}`]: `port_value: ${service.port(listener)}`,
    })
    return withCluster(config, cluster)
  }
}

/** The configuration with this cluster in place of the one of its name. */
function withCluster(config: string, cluster: string): string {
  const [written, replacement] = [parse(config), parse(cluster)]
  const others = written.static_resources.clusters.filter(({ name }: { name: string }) => name !== replacement.name)
  written.static_resources.clusters = [...others, replacement]
  return stringify(written)
}
