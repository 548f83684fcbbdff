import { type ResourceSet, workloadNamed } from '../mesh/snapshot.ts'

/** A claim that a stored workload is one's own. */
export interface WorkloadClaim {
  /** SPIFFE ID. */
  readonly identity: string
  readonly namespace: string
  readonly name: string
}

/** Whether the WorkloadEntry is stored and runs as the identity's service account, in the trust domain or an alias. */
export function ownsWorkload(
  set: ResourceSet,
  { identity, namespace, name }: WorkloadClaim,
  trustDomains: readonly string[],
): boolean {
  const account = workloadNamed(set, namespace, name)?.spec.serviceAccount
  if (account === undefined) return false
  return trustDomains.some((trustDomain) => identity === `spiffe://${trustDomain}/ns/${namespace}/sa/${account}`)
}
