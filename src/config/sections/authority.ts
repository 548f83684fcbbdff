import Type from 'typebox'
import { JWT_KEY_TYPES } from '../../pki/jws.ts'
import { KEY_TYPES } from '../../pki/key-types.ts'
import { key } from '../key.ts'
import { httpsOrigin, oidcIssuer, path, tokenLabel, variableName } from '../names.ts'
import { choice, duration, fraction, orNull, toggle } from '../readers.ts'

const keyType = (what: string) =>
  key(choice(...KEY_TYPES), { default: 'ec-p256', description: `Key type of a new ${what}.` })

const secret = (description: string) =>
  Type.Optional(
    Type.Union(
      [
        Type.Object({ file: key(path, { description: 'File that holds it; a newline at its end does not count.' }) }),
        Type.Object({ env: key(variableName, { description: 'Environment variable that holds it.' }) }),
      ],
      { description },
    ),
  )

export const authority = Type.Object(
  {
    root: Type.Object({
      keyType: keyType('root'),
      ttl: key(duration(), { default: '5y', description: 'Life of a new root; at least that of an intermediate.' }),
      automatic: key(toggle, {
        default: false,
        description: 'Let a prepared root take over by itself, too; otherwise it waits for a person.',
      }),
      crossSign: key(toggle, {
        default: false,
        description:
          'Have a new root certified by the old one, so that it need not wait for clients with an older bundle.',
      }),
    }),
    intermediate: Type.Object({
      keyType: keyType('intermediate'),
      ttl: key(duration(), { default: '30d', description: 'Life of a new intermediate.' }),
    }),
    jwt: Type.Object({
      keyType: key(choice(...JWT_KEY_TYPES), {
        default: 'ec-p256',
        description: 'Key type of a new JWT key; JWT-SVIDs know no Ed25519.',
      }),
      ttl: key(duration(), { default: '30d', description: 'Life of a new JWT key.' }),
      issuer: key(orNull(oidcIssuer), {
        default: null,
        description: 'https URL of this service: the `iss` of JWT-SVIDs, and where OIDC discovery is found.',
      }),
      svidTtl: key(duration(), {
        default: '5m',
        description: 'Life of a JWT-SVID, unless a shorter one is asked for.',
      }),
    }),
    prepareAt: key(fraction, {
      default: 0.5,
      description: 'Share of its life after which the next authority is prepared.',
    }),
    activateAt: key(fraction, {
      default: 0.83,
      description: 'Share of its life after which the next authority takes over.',
    }),
    publishAtLeast: key(duration(), {
      default: '15m',
      description:
        'How long a JWT key is published before it signs, and with `listen.bundle` a root: three refresh hints of the bundle, for readers whom nobody measures.',
    }),
    skew: key(duration(), {
      default: '60s',
      description:
        'How far clocks in the mesh may differ: an authority leaves the bundle this long after the last certificate.',
    }),
    import: Type.Object({
      directory: key(orNull(path), {
        default: null,
        description: "Directory of an authority of one's own, laid out as Istio's `cacerts` or as `kubernetes.io/tls`.",
      }),
      watch: key(toggle, {
        default: false,
        description: 'Read the directory again whenever it changes, and not at the start alone.',
      }),
    }),
    upstream: Type.Optional(
      Type.Object(
        {
          url: key(httpsOrigin, { description: 'https URL of another Alcazar, whose active root signs; no path.' }),
          caFile: key(path, { description: 'Trust bundle that its server certificate is verified with, PEM.' }),
          certFile: Type.Optional(
            key(path, { description: 'Client certificate of an administrator there, PEM; read at each request.' }),
          ),
          keyFile: Type.Optional(key(path, { description: 'Key of the client certificate, PEM.' })),
          tokenFile: Type.Optional(key(path, { description: 'Bearer token of an administrator there.' })),
        },
        { description: 'Intermediates come from another Alcazar of the same trust domain, which keeps the root.' },
      ),
    ),
    keys: Type.Object({
      provider: key(choice('file', 'pkcs11'), {
        default: 'file',
        description:
          'Where authority keys live; `file`: in `<dataDir>/keys`; `pkcs11`: in a token (HSM), which makes them and keeps them.',
      }),
      passphrase: secret(
        'Passphrase of key files, by reference; without it they are not encrypted. With `pkcs11`: of those from before.',
      ),
      module: Type.Optional(key(path, { description: 'PKCS #11 module of the token, a shared library.' })),
      tokenLabel: Type.Optional(key(tokenLabel, { description: 'Label of the token.' })),
      pin: secret('PIN of the user of the token, by reference; read anew at each login.'),
    }),
  },
  { description: 'Roots and intermediates; what is set here counts for new ones.' },
)
