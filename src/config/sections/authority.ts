import Type from 'typebox'
import { KEY_TYPES } from '../../pki/key-types.ts'
import { key } from '../key.ts'
import { httpsUrl, path, variableName } from '../names.ts'
import { choice, duration, fraction, orNull, toggle } from '../readers.ts'

const keyType = (what: string) =>
  key(choice(...KEY_TYPES), { default: 'ec-p256', description: `Key type of a new ${what}.` })

const passphrase = Type.Optional(
  Type.Union(
    [
      Type.Object({ file: key(path, { description: 'File that holds it; a newline at its end does not count.' }) }),
      Type.Object({ env: key(variableName, { description: 'Environment variable that holds it.' }) }),
    ],
    { description: 'Passphrase of the key files, by reference; without it they are not encrypted.' },
  ),
)

export const authority = Type.Object(
  {
    root: Type.Object({
      keyType: keyType('root'),
      ttl: key(duration(), { default: '5y', description: 'Life of a new root; at least that of an intermediate.' }),
      automatic: key(toggle, { default: false, later: true, description: 'Rotate roots without a person.' }),
    }),
    intermediate: Type.Object({
      keyType: keyType('intermediate'),
      ttl: key(duration(), { default: '30d', description: 'Life of a new intermediate.' }),
    }),
    jwt: Type.Object({
      keyType: key(choice(...KEY_TYPES), {
        default: 'ec-p256',
        later: true,
        description: 'Key type of a new JWT authority.',
      }),
      ttl: key(duration(), { default: '30d', later: true, description: 'Life of a JWT authority.' }),
      issuer: key(orNull(httpsUrl), {
        default: null,
        later: true,
        description: 'https URL of this service, for OIDC discovery.',
      }),
      svidTtl: key(duration(), { default: '5m', later: true, description: 'Life of a JWT-SVID.' }),
    }),
    prepareAt: key(fraction, {
      default: 0.5,
      later: true,
      description: 'Share of its life after which the next authority is prepared.',
    }),
    activateAt: key(fraction, {
      default: 0.83,
      later: true,
      description: 'Share of its life after which the next authority takes over.',
    }),
    keys: Type.Object({
      provider: key(choice('file', 'pkcs11'), {
        default: 'file',
        later: true,
        description: 'Where authority keys live; `file`: in `<dataDir>/keys`.',
      }),
      passphrase,
    }),
  },
  { description: 'Roots and intermediates; what is set here counts for new ones.' },
)
