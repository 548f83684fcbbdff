import type { DecisionPorts } from '../api/decision-ports.ts'
import { openGrpcProvider } from '../api/grpc/ask-provider.ts'
import type { DecisionInspection, Inquirer } from '../api/http/deps.ts'
import type { Config } from '../config/config.ts'
import type { Decide } from '../decide/decide.ts'
import { findWorkload, toWorkload } from '../decide/find-workload.ts'
import { JwksProvider } from '../decide/jwt/jwks-provider.ts'
import { toKeyReference } from '../decide/jwt/key-reference.ts'
import { TokenVerifier } from '../decide/jwt/token-verifier.ts'
import { openDecider } from '../decide/open-decider.ts'
import { openProviders } from '../decide/open-providers.ts'
import { ownsWorkload } from '../decide/owns-workload.ts'
import { openWhatIf } from '../decide/suppose.ts'
import type { Attestation } from '../identity/attest.ts'
import type { Evidence } from '../identity/evidence.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, toPublicError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { MeshSettings } from '../mesh/mesh-settings.ts'
import type { ResourceSet } from '../mesh/snapshot.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Closers } from './closers.ts'
import { observeDecisions } from './observe-decisions.ts'
import type { OpenedResources } from './resources.ts'
import type { LiveConfig } from './settings.ts'

/** Everything that decides, behind the listeners. */
export interface OpenedDecisions {
  readonly ports: DecisionPorts
  readonly inspection: DecisionInspection
}

interface Parts {
  readonly closers: Closers
  readonly mesh: OpenedResources
  readonly attestation: Attestation
  readonly metrics: Metrics
  readonly live: LiveConfig
  readonly clock: Clock
  readonly log: Log
}

/** Opens the way from a question to its decision; throws `StartupError` where a provider or the log cannot be used. */
export async function openDecisions(config: Config, parts: Parts): Promise<OpenedDecisions> {
  const { metrics, clock, log, closers } = parts
  const { resources } = parts.mesh
  const { observer, close } = await observeDecisions(config.decisions.log, { metrics: metrics.decisions, clock, log })
  closers.add('decision log', close)
  const providers = openProviders(config.mesh.extensionProviders, {
    openGrpc: openGrpcProvider,
    clock,
    log,
    asked: metrics.decisions.providerAsked,
  })
  closers.add('extension providers', () => providers.close())
  const keys = new JwksProvider({ clock, log, ...config.mesh.jwks, onFailure: metrics.decisions.jwksFetchFailed })
  closers.add('keys of token issuers', () => keys.close())
  const follow = (set: ResourceSet) => keys.follow(remoteKeysOf(set))
  closers.add('resources for keys', resources.subscribe(follow))
  const before = resources.current() // what was read by now is not told any more
  if (before !== null) follow(before)
  const tokens = new TokenVerifier(keys)
  const mesh = toMeshSettings(config, providers.names)
  const current = () => resources.current()
  const decider = openDecider({ mesh, current, tokens, ask: providers.ask, observer, clock })
  return {
    ports: toPorts(decider.decide, { ...parts, settings: mesh, current }),
    inspection: {
      inquirer: (evidence) => inquirerOf(parts.attestation, evidence),
      inspect: decider.inspect,
      whatIf: openWhatIf({ tokens, clock }),
      workloadOf: (named) => toWorkload(findWorkload(resources.loaded(), { by: 'name', ...named }, [])),
      mesh: () => mesh,
    },
  }
}

/** Keys that are not written in the policies themselves. */
function remoteKeysOf(set: ResourceSet) {
  const policies = [...set.namespaces.values()].flatMap((namespace) => namespace.policies)
  return policies
    .filter((policy) => policy.kind === 'RequestAuthentication')
    .flatMap(({ spec }) => spec.jwtRules ?? [])
    .filter(({ jwks }) => !jwks)
    .map(toKeyReference)
}

/** The configuration in the terms of decisions; none of it is reloadable. */
function toMeshSettings(config: Config, extensionProviders: readonly string[]): MeshSettings {
  const { rootNamespace, trustDomain, trustDomainAliases, mesh } = config
  const { pathNormalization } = mesh
  return { rootNamespace, trustDomain, trustDomainAliases, pathNormalization, extensionProviders }
}

interface PortParts extends Parts {
  readonly settings: MeshSettings
  readonly current: () => ResourceSet | null
}

function toPorts(decide: Decide, { settings, current, attestation, live, metrics, log }: PortParts): DecisionPorts {
  const ours = [settings.trustDomain, ...settings.trustDomainAliases]
  return {
    decide,
    ready: () => current() !== null,
    owns(identity, named) {
      const set = current()
      if (set === null) throw new AppError('decision.not_ready', 'the stored resources are not loaded yet')
      return ownsWorkload(set, { identity, ...named }, ours)
    },
    identify: (certificate) => identify(attestation, certificate),
    reasonHeader: () => live.current.decisions.reasonHeader === 'on',
    onUndecided(thrown) {
      const { code, kind, message } = toPublicError(thrown)
      metrics.decisions.undecided(code)
      if (kind === 'internal') log.error('decision.failed', { error: thrown })
      else log.debug('decision.undecided', { code, message })
    },
  }
}

function identify(attestation: Attestation, clientCertificate: Buffer): string {
  const caller = attestation.attest({ clientCertificate })
  if (caller instanceof Promise) throw new TypeError('a client certificate is judged at once')
  return caller.identity.uri
}

async function inquirerOf(attestation: Attestation, evidence: Evidence): Promise<Inquirer> {
  const caller = await attestation.attestViewer(evidence)
  const isViewer = attestation.roleOf(caller) !== null
  if (!isViewer && caller.attestor !== 'client-certificate') attestation.requireRole(caller, 'viewer') // which it has not
  return { identity: caller.identity.uri, isViewer }
}
