import Type from 'typebox'
import { KEY_TYPES } from '../../pki/key-types.ts'
import { key } from '../key.ts'
import { sha256 } from '../names.ts'
import { choice, duration, fraction, toggle } from '../readers.ts'

/** Authorities are valid from an hour before their creation: a leaf backdated further would predate its issuer. */
const MAX_BACKDATE_SECONDS = 3_600

export const issuance = Type.Object(
  {
    defaultTtl: key(duration(), { default: '1h', description: 'Life of a certificate when the request names none.' }),
    maxTtl: key(duration(), { default: '24h', description: 'The longest life; shorter than that of an intermediate.' }),
    minTtl: key(duration(), { default: '5s', description: 'The shortest life; requests below are raised to it.' }),
    backdate: key(duration(0, MAX_BACKDATE_SECONDS), {
      default: '2m',
      description:
        'How far `notBefore` lies in the past, for clocks that are behind; never more than a tenth of the life.',
    }),
    rejectOverMax: key(toggle, {
      default: false,
      description: 'Refuse a request above `maxTtl` instead of clamping it.',
    }),
    csrNames: key(choice('match', 'ignore'), {
      default: 'match',
      description:
        '`match`: names in a CSR must equal the attested identity. `ignore`: they are not looked at. They are never copied.',
    }),
    keyTypes: Type.Array(key(choice(...KEY_TYPES)), {
      default: [...KEY_TYPES],
      minItems: 1,
      uniqueItems: true,
      description: 'Key types that a CSR may hold.',
    }),
    verifySample: key(fraction, {
      default: 0.01,
      description:
        'Share of certificates that are read back and verified before they leave; the first of each authority and key type always is.',
    }),
    blockedKeys: Type.Array(key(sha256), {
      default: [],
      uniqueItems: true,
      description: 'SHA-256 of SubjectPublicKeyInfo, in hex, of keys that never get a certificate.',
    }),
  },
  { description: 'What certificates look like.' },
)
