import { isIP } from 'node:net'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import { AppError } from '../kernel/errors.ts'
import type { WorkloadEntry } from '../mesh/resource.ts'
import { type ResourceSet, workloadNamed, workloadsAt, workloadsOfAccount } from '../mesh/snapshot.ts'
import type { PortProtocol, Workload } from '../mesh/workload.ts'
import type { WorkloadReference } from './decide.ts'

/** The stored entry that is asked about, or the namespace of a service account that has none. */
export type FoundWorkload = { readonly entry: WorkloadEntry } | { readonly namespace: string }

/** A reference to what is stored. */
export type StoredReference = Exclude<WorkloadReference, { readonly by: 'inline' }>

/** Throws `decision.workload_ambiguous` where none or several fit, `resource.not_found` for an unknown name. */
export function findWorkload(set: ResourceSet, reference: StoredReference, ours: readonly string[]): FoundWorkload {
  switch (reference.by) {
    case 'name':
      return { entry: findNamed(set, reference.namespace, reference.name) }
    case 'address':
      return { entry: single(workloadsAt(set, reference.address), `at the address \`${reference.address}\``) }
    case 'identity':
      return findByIdentity(set, reference, ours)
  }
}

function findNamed(set: ResourceSet, namespace: string, name: string): WorkloadEntry {
  const entry = workloadNamed(set, namespace, name)
  if (entry !== null) return entry
  throw new AppError('resource.not_found', `no WorkloadEntry \`${namespace}/${name}\` is stored`)
}

function findByIdentity(
  set: ResourceSet,
  { identity, address }: Extract<StoredReference, { readonly by: 'identity' }>,
  ours: readonly string[],
): FoundWorkload {
  const { trustDomain, path } = parseSpiffeId(identity, 'decision.workload_ambiguous')
  const [, ns, namespace, sa, account, ...more] = path.split('/')
  const isAccount = ns === 'ns' && sa === 'sa' && namespace !== undefined && account !== undefined && more.length === 0
  if (!isAccount || !ours.includes(trustDomain)) {
    throw ambiguous(`\`${identity}\` is not a service account of this mesh (\`spiffe://${ours[0]}/ns/…/sa/…\`)`)
  }
  const entries = workloadsOfAccount(set, namespace, account)
  if (entries.length === 0) return { namespace }
  if (entries.length === 1 && entries[0] !== undefined) return { entry: entries[0] }
  const here = address === null ? [] : workloadsAt(set, address).filter((entry) => entries.includes(entry))
  return { entry: single(here, `of \`${namespace}/${account}\` at the address \`${address ?? 'unknown'}\``) }
}

function single(entries: readonly WorkloadEntry[], which: string): WorkloadEntry {
  const [entry, ...others] = entries
  if (entry !== undefined && others.length === 0) return entry
  throw ambiguous(`${entry === undefined ? 'no' : 'more than one'} WorkloadEntry ${which}`)
}

function ambiguous(message: string): AppError {
  return new AppError('decision.workload_ambiguous', message)
}

/** What policies see of a stored workload. */
export function toWorkload(found: FoundWorkload): Workload {
  if ('namespace' in found) return { namespace: found.namespace, name: null, labels: {}, ip: null, ports: 'as-told' }
  const { metadata, spec } = found.entry
  const address = spec.address ?? ''
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    labels: spec.labels ?? {},
    ip: isIP(address) === 0 ? null : address,
    ports: spec.ports === undefined ? 'as-told' : toDeclaredPorts(spec.ports),
  }
}

const HTTP: ReadonlySet<string> = new Set(['http', 'http2', 'grpc', 'grpc-web'])
const TCP: ReadonlySet<string> = new Set(['tcp', 'tls', 'https', 'mongo', 'redis', 'mysql', 'udp'])

/** The protocol is what stands before the first `-` of a port's name; another prefix leaves it to be detected. */
export function toDeclaredPorts(ports: Readonly<Record<string, number>>): ReadonlyMap<number, PortProtocol> {
  const declared = new Map<number, PortProtocol>()
  for (const [name, port] of Object.entries(ports)) {
    const prefix = name.startsWith('grpc-web') ? 'grpc-web' : (name.split('-')[0] ?? '')
    if (HTTP.has(prefix)) declared.set(port, 'http')
    else if (TCP.has(prefix)) declared.set(port, 'tcp')
  }
  return declared
}
