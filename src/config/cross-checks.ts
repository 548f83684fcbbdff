import { isLoopback } from './address.ts'
import type { Address, Config } from './config.ts'
import type { ConfigProblem } from './problems.ts'

/** What must hold between keys; `reads` are the paths it looks at, so that it stays silent where one of them is wrong by itself. */
interface CrossCheck {
  readonly reads: readonly string[]
  readonly problems: (config: Config) => readonly ConfigProblem[]
}

const LISTENERS = ['grpc', 'https', 'monitoring'] as const

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
    reads: ['listen.monitoring'],
    problems: ({ listen: { monitoring } }) =>
      unless(
        isLoopback(monitoring.host),
        'listen.monitoring',
        'must be a loopback address: nobody authenticates there',
      ),
  },
  { reads: ['listen'], problems: addressesTwice },
  { reads: ['attestation.jwt'], problems: discoveryByHttps },
  { reads: ['attestation.jwt'], problems: issuersTwice },
  { reads: ['trustDomain', 'trustDomainAliases', 'impersonation', 'admins'], problems: foreignIdentities },
]

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
    const other = LISTENERS.slice(0, index).find((earlier) => collide(listen[earlier], listen[name]))
    return other === undefined ? [] : [{ path: `listen.${name}`, message: `is the address of \`listen.${other}\`` }]
  })
}

function collide(a: Address, b: Address): boolean {
  return a.port !== 0 && a.port === b.port && a.host === b.host
}

/** OIDC Discovery 1.0 §4.1: the issuer's keys are only as good as the way to them. */
function discoveryByHttps({ attestation }: Config): readonly ConfigProblem[] {
  return attestation.jwt.flatMap(({ issuer, jwks }, index) =>
    unless(
      !('discovery' in jwks) || issuer.startsWith('https://'),
      `attestation.jwt[${index}].issuer`,
      'must be an https URL for discovery',
    ),
  )
}

function issuersTwice({ attestation }: Config): readonly ConfigProblem[] {
  const issuers = attestation.jwt.map(({ issuer }) => issuer)
  return issuers.flatMap((issuer, index) =>
    unless(
      issuers.indexOf(issuer) === index,
      `attestation.jwt[${index}].issuer`,
      'has an entry already: give one for each issuer',
    ),
  )
}

function foreignIdentities(config: Config): readonly ConfigProblem[] {
  const own = [config.trustDomain, ...config.trustDomainAliases]
  const named = [
    ...config.admins.map(({ identity }, index) => ({ path: `admins[${index}].identity`, id: identity })),
    ...config.impersonation.flatMap(({ caller, identities }, index) => [
      { path: `impersonation[${index}].caller`, id: caller },
      ...identities.map((id, at) => ({ path: `impersonation[${index}].identities[${at}]`, id })),
    ]),
  ]
  return named.flatMap(({ path, id }) =>
    unless(own.includes(id.split('/')[2] ?? ''), path, `must be of the trust domain \`${config.trustDomain}\``),
  )
}
