import Type from 'typebox'
import { key } from './key.ts'
import { namespace, path, storeUrl, trustDomain } from './names.ts'
import { duration, orOff } from './readers.ts'
import { admins, attestation, impersonation } from './sections/attestation.ts'
import { authority } from './sections/authority.ts'
import { decisions, mesh } from './sections/decisions.ts'
import { issuance } from './sections/issuance.ts'
import { limits } from './sections/limits.ts'
import { listen, server } from './sections/listen.ts'
import { log } from './sections/log.ts'

const store = Type.Object(
  {
    url: key(storeUrl, { default: 'sqlite:', description: 'The database; `sqlite:` is `<dataDir>/alcazar.db`.' }),
    retention: Type.Object({
      issued: key(orOff(duration()), {
        default: '30d',
        description: 'How long an issued certificate stays in the record after it expired; rows go in their order.',
      }),
      audit: key(orOff(duration()), {
        default: 'off',
        description: 'How long administrative actions stay in the record.',
      }),
    }),
  },
  { description: 'The record of what was issued.' },
)

/** The whole of `alcazar.yaml`: the reader, the type `Config` and `docs/config.md` all come from here. */
export const configSchema = Type.Object({
  trustDomain: key(trustDomain, {
    default: 'cluster.local',
    description: 'The trust domain that identities are issued in; a data directory keeps that of its first start.',
  }),
  trustDomainAliases: Type.Array(key(trustDomain), {
    default: [],
    uniqueItems: true,
    description:
      'Other names of the trust domain, accepted where an identity is compared; what is issued always has `trustDomain`.',
  }),
  rootNamespace: key(namespace, {
    default: 'istio-system',
    description: "Namespace of the service's own identity and of mesh-wide policies.",
  }),
  dataDir: key(path, { default: './data', description: 'Directory of keys, database and admin socket; mode 0700.' }),
  store,
  listen,
  server,
  issuance,
  authority,
  attestation,
  impersonation,
  admins,
  mesh,
  decisions,
  limits,
  log,
})
