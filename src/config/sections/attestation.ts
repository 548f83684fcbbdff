import Type from 'typebox'
import { key } from '../key.ts'
import { publicKeySet } from '../key-set.ts'
import { identityTemplate, issuer, path, spiffeId, spiffePattern, trustDomain, url, word } from '../names.ts'
import { choice, duration, toggle, yes } from '../readers.ts'

const fetchedWith = {
  caFile: Type.Optional(
    key(path, { description: 'CA certificates that the server of the keys is verified with, PEM.' }),
  ),
  tokenFile: Type.Optional(
    key(path, { description: 'File with a bearer token to fetch the keys with; read at each fetch.' }),
  ),
}

const jwks = Type.Union(
  [
    Type.Object({ file: key(path, { description: 'File with the JWK set.' }) }),
    Type.Object({
      uri: key(url, {
        description: 'https URL of the JWK set; plain http only on this host, with `allowPrivateAddress`.',
      }),
      ...fetchedWith,
    }),
    Type.Object({ inline: key(publicKeySet, { description: 'The JWK set itself, public keys only.' }) }),
    Type.Object({ discovery: key(yes, { description: 'Found by OIDC discovery from the issuer.' }), ...fetchedWith }),
  ],
  { description: "Where the issuer's keys come from." },
)

const jwt = Type.Object({
  issuer: key(issuer, { description: '`iss` of its tokens, compared exactly.' }),
  audiences: Type.Array(key(word), {
    minItems: 1,
    uniqueItems: true,
    description: 'Audiences for this service; a token must name one of them.',
  }),
  jwks,
  identity: key(identityTemplate, {
    description:
      '`kubernetes`: service-account tokens. Else a template such as `spiffe://{trustDomain}/ns/{claims.team}/sa/{claims.sub}`.',
  }),
  singleUse: key(toggle, {
    default: false,
    description: 'A token counts once. Not for Kubernetes tokens, which are sent again at each renewal.',
  }),
  allowPrivateAddress: key(toggle, {
    default: false,
    description: 'Keys may be fetched from loopback, private and link-local addresses.',
  }),
})

export const attestation = Type.Object(
  {
    jwt: Type.Array(jwt, { default: [], description: 'Issuers whose JWTs prove an identity.' }),
    clientCertificate: Type.Object({
      enabled: key(toggle, { default: true, description: 'A valid certificate of ours renews its own identity.' }),
      foreign: Type.Array(
        Type.Object({
          trustDomain: key(trustDomain, { description: 'A foreign trust domain that is federated with.' }),
          identities: Type.Array(key(spiffePattern), {
            minItems: 1,
            uniqueItems: true,
            description: 'Who is accepted of it; the last segment may be `*`, which stands for everything below.',
          }),
        }),
        {
          default: [],
          description:
            'Whose clients may look, as a `viewer` may, by certificates that the bundle of their own trust domain vouches for (`bundle federate`). They never get a certificate here.',
        },
      ),
    }),
    joinToken: Type.Object({
      enabled: key(toggle, {
        default: true,
        description: 'Join tokens prove the identity that they were created for.',
      }),
      maxTtl: key(duration(), { default: '24h', description: 'The longest life of a join token.' }),
    }),
  },
  { reloadable: true, description: 'Who may ask for a certificate, and how they prove it.' },
)

export const impersonation = Type.Array(
  Type.Object({
    caller: key(spiffeId, { description: 'Who may ask for others: the identity of a node proxy such as ztunnel.' }),
    identities: Type.Array(key(spiffePattern), {
      minItems: 1,
      uniqueItems: true,
      description:
        'For whom, in the own trust domain; the last segment may be `*`, which stands for everything below. Never for who stands in `admins`.',
    }),
  }),
  { default: [], reloadable: true, description: 'Who may ask for certificates of other identities.' },
)

export const admins = Type.Array(
  Type.Object({
    identity: key(spiffeId, { description: 'Identity of the administrator, in the own trust domain.' }),
    role: key(choice('viewer', 'operator', 'admin'), { description: 'What it may do.' }),
  }),
  { default: [], reloadable: true, description: 'Who may administer from remote; the admin socket needs no entry.' },
)
