import type { DecisionPorts } from '../../src/api/decision-ports.ts'
import type { DecisionInspection } from '../../src/api/http/deps.ts'
import type { Decide, Decided, WorkloadReference } from '../../src/decide/decide.ts'
import { AppError } from '../../src/kernel/errors.ts'
import type { Decision } from '../../src/policy/decision.ts'
import type { Question } from '../../src/policy/request.ts'
import { ALLOWED } from './decisions.ts'

export const DENIED: Decision = {
  decision: 'deny',
  status: 403,
  cause: 'rbac',
  phase: 'authorization',
  policy: 'ns[a]-policy[p]-rule[0]',
  reason: 'refused by rule 0 of a/p',
}

/** A decision of version 17 that changes nothing. */
export function decided(decision: Decision = ALLOWED, more: Partial<Decided> = {}): Decided {
  return { decision, version: 17, mutations: null, ...more }
}

/** Answers what it is told to, and keeps what it was asked. */
export class FakeDecide {
  readonly asked: { readonly workload: WorkloadReference; readonly question: Question }[] = []
  answer: () => Decided | Promise<Decided> = () => decided()

  readonly decide: Decide = (workload, question) => {
    this.asked.push({ workload, question })
    return this.answer()
  }
}

/** A loaded store in which `default/web` runs as `ns/default/sa/web`; certificates are identities in ASCII. */
export function fakeDecisions(overrides: Partial<DecisionPorts> = {}): DecisionPorts {
  return {
    decide: () => decided(),
    ready: () => true,
    owns: (identity, { namespace, name }) =>
      identity === 'spiffe://cluster.local/ns/default/sa/web' && namespace === 'default' && name === 'web',
    identify: (certificate) => certificate.toString('latin1'),
    reasonHeader: () => false,
    onUndecided: () => {},
    ...overrides,
  }
}

/** Everybody is a viewer; every decision is an allow of version 17. */
export function fakeInspection(overrides: Partial<DecisionInspection> = {}): DecisionInspection {
  return {
    inquirer: async ({ bearer, clientCertificate, localAdmin }) => {
      if (clientCertificate !== undefined) return { identity: clientCertificate.toString('latin1'), isViewer: false }
      if (localAdmin === true || bearer === 'viewer') return { identity: 'spiffe://cluster.local', isViewer: true }
      throw new AppError('auth.missing', 'no proof')
    },
    inspect: () => ({ version: 17, examine: async () => ({ decision: ALLOWED }) }),
    whatIf: () => async () => ({ decision: ALLOWED }),
    workloadOf: ({ namespace, name }) => ({ namespace, name, labels: { stored: 'yes' }, ip: null, ports: 'as-told' }),
    mesh: () => ({
      rootNamespace: 'istio-system',
      trustDomain: 'cluster.local',
      trustDomainAliases: [],
      pathNormalization: 'BASE',
      extensionProviders: ['configured'],
    }),
    ...overrides,
  }
}
