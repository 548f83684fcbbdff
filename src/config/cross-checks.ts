import { problemsOfAdministrators } from '../identity/administrators.ts'
import { problemsOfImpersonation } from '../identity/impersonation.ts'
import { problemsOfAttestation, problemsOfForeignTrust } from '../identity/options-problems.ts'
import { isLoopback } from './address.ts'
import type { Address, Config } from './config.ts'
import { problemsOfKeys } from './key-problems.ts'
import type { ConfigProblem } from './problems.ts'
import { problemsOfProviders } from './provider-problems.ts'

/** What must hold between keys; `reads` are the paths it looks at, so that it stays silent where one of them is wrong by itself. */
interface CrossCheck {
  readonly reads: readonly string[]
  readonly problems: (config: Config) => readonly ConfigProblem[]
}

const LISTENERS = ['grpc', 'https', 'monitoring', 'decisions', 'bundle'] as const

const CHECKS: readonly CrossCheck[] = [
  {
    reads: ['issuance.minTtl', 'issuance.defaultTtl'],
    problems: ({ issuance }) =>
      unless(
        issuance.minTtl <= issuance.defaultTtl,
        'issuance.defaultTtl',
        'must not be shorter than `issuance.minTtl`',
      ),
  },
  {
    reads: ['issuance.defaultTtl', 'issuance.maxTtl'],
    problems: ({ issuance }) =>
      unless(
        issuance.defaultTtl <= issuance.maxTtl,
        'issuance.defaultTtl',
        'must not be longer than `issuance.maxTtl`',
      ),
  },
  {
    reads: ['issuance.maxTtl', 'authority.intermediate.ttl'],
    problems: ({ issuance, authority }) =>
      unless(
        issuance.maxTtl < authority.intermediate.ttl,
        'issuance.maxTtl',
        'must be shorter than `authority.intermediate.ttl`',
      ),
  },
  {
    reads: ['server.ttl', 'authority.intermediate.ttl'],
    problems: ({ server, authority }) =>
      unless(
        server.ttl < authority.intermediate.ttl,
        'server.ttl',
        'must be shorter than `authority.intermediate.ttl`',
      ),
  },
  {
    reads: ['authority.intermediate.ttl', 'authority.root.ttl'],
    problems: ({ authority: { root, intermediate } }) =>
      unless(
        intermediate.ttl <= root.ttl,
        'authority.root.ttl',
        'must not be shorter than `authority.intermediate.ttl`',
      ),
  },
  {
    reads: ['authority.jwt.svidTtl', 'authority.jwt.ttl'],
    problems: ({ authority: { jwt } }) =>
      unless(jwt.svidTtl < jwt.ttl, 'authority.jwt.svidTtl', 'must be shorter than `authority.jwt.ttl`'),
  },
  {
    reads: ['authority.upstream', 'authority.import'],
    problems: ({ authority: { upstream, import: imported } }) => [
      ...unless(
        upstream === undefined || imported.directory === null,
        'authority.upstream',
        'and `authority.import.directory` exclude each other: both say where intermediates come from',
      ),
      ...unless(
        upstream === undefined || (upstream.certFile === undefined) === (upstream.keyFile === undefined),
        'authority.upstream.certFile',
        'and `authority.upstream.keyFile` belong together',
      ),
      ...unless(
        upstream === undefined || (upstream.certFile ?? upstream.tokenFile) !== undefined,
        'authority.upstream',
        'needs `certFile` and `keyFile`, or `tokenFile`: an administrator has to ask',
      ),
    ],
  },
  { reads: ['authority.keys'], problems: problemsOfKeys },
  {
    reads: ['listen.monitoring'],
    problems: ({ listen: { monitoring } }) =>
      unless(
        isLoopback(monitoring.host),
        'listen.monitoring',
        'must be a loopback address: nobody authenticates there',
      ),
  },
  {
    reads: ['listen.decisions'],
    problems: ({ listen: { decisions } }) =>
      unless(
        decisions === null || isLoopback(decisions.host),
        'listen.decisions',
        'must be a loopback address: whoever reaches it is believed what it says of the client',
      ),
  },
  { reads: ['listen'], problems: addressesTwice },
  {
    reads: ['trustDomain', 'attestation.jwt'],
    problems: (config) => problemsOfAttestation(jwtAlone(config)),
  },
  {
    reads: ['trustDomain', 'trustDomainAliases', 'attestation.clientCertificate.foreign'],
    problems: ({ attestation, trustDomain, trustDomainAliases }) =>
      problemsOfForeignTrust(attestation.clientCertificate.foreign, [trustDomain, ...trustDomainAliases]),
  },
  {
    reads: ['trustDomain', 'impersonation'],
    problems: ({ impersonation, trustDomain }) => problemsOfImpersonation(impersonation, trustDomain),
  },
  { reads: ['mesh.extensionProviders'], problems: problemsOfProviders },
  {
    reads: ['trustDomain', 'admins'],
    problems: ({ admins, trustDomain }) => problemsOfAdministrators(admins, trustDomain),
  },
]

/** The other parts of attestation have checks of their own. */
function jwtAlone(config: Config): Config {
  const clientCertificate = { ...config.attestation.clientCertificate, foreign: [] }
  return { ...config, attestation: { ...config.attestation, clientCertificate }, impersonation: [], admins: [] }
}

/** Problems between keys, left out where a key that they look at already has one of its own. */
export function crossCheck(config: Config, found: readonly ConfigProblem[]): ConfigProblem[] {
  const wrong = (path: string) =>
    found.some((problem) => problem.path === path || isWithin(problem.path, path) || isWithin(path, problem.path))
  return CHECKS.filter(({ reads }) => !reads.some(wrong)).flatMap(({ problems }) => problems(config))
}

function isWithin(path: string, section: string): boolean {
  return path.startsWith(`${section}.`) || path.startsWith(`${section}[`)
}

function unless(holds: boolean, path: string, message: string): readonly ConfigProblem[] {
  return holds ? [] : [{ path, message }]
}

function addressesTwice({ listen }: Config): readonly ConfigProblem[] {
  return LISTENERS.flatMap((name, index) => {
    const other = LISTENERS.slice(0, index).find((earlier) => collide(at(listen[earlier]), at(listen[name])))
    return other === undefined ? [] : [{ path: `listen.${name}`, message: `is the address of \`listen.${other}\`` }]
  })
}

function at(listener: Config['listen'][(typeof LISTENERS)[number]]): Address | null {
  return listener !== null && 'address' in listener ? listener.address : listener
}

function collide(a: Address | null, b: Address | null): boolean {
  return a !== null && b !== null && a.port !== 0 && a.port === b.port && a.host === b.host
}
