import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { AppError } from '../../src/kernel/errors.ts'
import { attestationOptions, inlineRule, testAttestation } from '../support/attestation.ts'
import { FakeClock } from '../support/fakes.ts'
import {
  type Json,
  kubernetesClaims,
  makeMacToken,
  makeToken,
  makeTokenKey,
  signingInput,
  signToken,
} from '../support/jwt-maker.ts'

const NOW = 1_795_230_000
const YEAR = 365 * 86_400
const clock = new FakeClock(NOW * 1000)
const es256 = makeTokenKey('ES256', 'es256')
const rs256 = makeTokenKey('RS256', 'rs256')
const attacker = makeTokenKey('ES256', 'es256')
const options = attestationOptions({ jwt: [inlineRule([es256, rs256])] })
const { attestation } = testAttestation(options, clock)

const claims = kubernetesClaims(NOW)
const good = makeToken(es256, claims)
const [header = '', payload = '', signature = ''] = good.split('.')
const withClaims = (more: Json) => makeToken(es256, { ...claims, ...more })
const without = (...names: string[]) =>
  makeToken(es256, Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name))))
const raw = (head: Json | string, body: Json | string) => {
  const input = signingInput(head, body)
  return `${input}.${signToken(es256, input).toString('base64url')}`
}
const withHeader = (more: Json) => makeToken(es256, claims, more)

async function codeOf(token: string): Promise<string> {
  try {
    await attestation.attest({ bearer: token })
    return 'attested'
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    return error.code
  }
}

/** The base64url digit after the last one of `text`: same bytes, other spelling, where the last bits are unused. */
function withLastBitsSet(text: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return text.slice(0, -1) + (digits[digits.indexOf(text.at(-1) ?? '') + 1] ?? '')
}

function derSignature(): string {
  const input = `${header}.${payload}`
  return `${input}.${sign('sha256', Buffer.from(input), es256.privateKey).toString('base64url')}`
}

const malformed = 'auth.token_malformed'
const invalid = 'auth.signature_invalid'
const cases: readonly (readonly [string, string, string])[] = [
  ['the good token', good, 'attested'],
  ['a good token of an RSA key', makeToken(rs256, claims), 'attested'],
  ['51: alg none', raw({ alg: 'none', kid: 'es256' }, claims), malformed],
  ['51: alg None', raw({ alg: 'None', kid: 'es256' }, claims), malformed],
  ['51: alg missing', raw({ kid: 'es256' }, claims), malformed],
  ['51: alg none without a signature', `${signingInput({ alg: 'none' }, claims)}.`, malformed],
  ['51: an empty signature', `${header}.${payload}.`, malformed],
  ['52: a MAC with the EC public key', makeMacToken(es256, claims), malformed],
  ['52: a MAC with the RSA public key', makeMacToken(rs256, claims), malformed],
  ['52: the algorithm of another key', raw({ alg: 'RS256', kid: 'es256' }, claims), invalid],
  ['53: r = s = 0', `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`, invalid],
  ['54: a signature in DER', derSignature(), invalid],
  ['55: jwk in the header', makeToken(attacker, claims, { jwk: attacker.jwk }), invalid],
  ['55: jku in the header', makeToken(attacker, claims, { jku: 'http://127.0.0.1:1/keys' }), invalid],
  ['55: x5u in the header', makeToken(attacker, claims, { x5u: 'http://127.0.0.1:1/cert' }), invalid],
  ['55: x5c in the header', makeToken(attacker, claims, { x5c: ['MIIB'] }), invalid],
  ['55: jwk beside a good signature is ignored', withHeader({ jwk: attacker.jwk, jku: 'file:///' }), 'attested'],
  ['56: kid is a path', withHeader({ kid: '../../etc/passwd' }), invalid],
  ['56: kid is SQL', withHeader({ kid: "' OR 1=1 --" }), invalid],
  ['56: kid of 1 MB', withHeader({ kid: 'k'.repeat(1_000_000) }), malformed],
  ['56: kid of 2,000 bytes', withHeader({ kid: 'k'.repeat(2_000) }), malformed],
  ['56: kid missing', raw({ alg: 'ES256' }, claims), invalid],
  ['56: kid empty', withHeader({ kid: '' }), malformed],
  ['56: kid is a list', withHeader({ kid: ['es256'] }), malformed],
  ['56: kid twice', raw('{"alg":"ES256","kid":"other","kid":"es256"}', claims), malformed],
  ['57: unknown crit', withHeader({ crit: ['exp2'], exp2: 1 }), malformed],
  ['57: empty crit', withHeader({ crit: [] }), malformed],
  ['57: b64 false', withHeader({ b64: false, crit: ['b64'] }), malformed],
  ['57: b64 false, not critical', withHeader({ b64: false }), malformed],
  ['58: a fourth segment', `${good}.`, malformed],
  ['58: two segments', `${header}.${payload}`, malformed],
  ['58: padding', `${header}.${payload}=.${signature}`, malformed],
  ['58: padding of the signature', `${good}==`, malformed],
  ['58: white space', `${header}. ${payload}.${signature}`, malformed],
  ['58: a newline at the end', `${good}\n`, malformed],
  ['58: the + of base64', `${header}.${payload}+.${signature}`, malformed],
  ['58: the / of base64', `${header}.${payload}/.${signature}`, malformed],
  ['58: last bits of the signature set', withLastBitsSet(good), malformed],
  ['58: a token that is nothing', '', malformed],
  [
    '58: a payload that is not UTF-8',
    `${header}.${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}.AA`,
    malformed,
  ],
  ['58: a payload that is a list', raw({ alg: 'ES256', kid: 'es256' }, '[]'), malformed],
  ['58: a payload of depth 3,000', raw({ alg: 'ES256', kid: 'es256' }, `{"a":${'['.repeat(3000)}`), malformed],
  [
    '59: a JWE',
    `${signingInput({ alg: 'PBES2-HS256+A128KW', p2c: 2 ** 31, enc: 'A128GCM', zip: 'DEF' }, '')}AA.AA.AA.AA`,
    malformed,
  ],
  ['60: sub twice', raw({ alg: 'ES256', kid: 'es256' }, `{"sub":"x",${JSON.stringify(claims).slice(1)}`), malformed],
  [
    '60: __proto__',
    raw({ alg: 'ES256', kid: 'es256' }, `{"__proto__":{},${JSON.stringify(claims).slice(1)}`),
    malformed,
  ],
  ['61: exp missing', without('exp'), malformed],
  ['61: exp is a string', withClaims({ exp: String(NOW + 3600) }), malformed],
  ['61: exp 1e300', withClaims({ exp: 1e300 }), malformed],
  [
    '61: exp 1e999',
    raw({ alg: 'ES256', kid: 'es256' }, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')),
    malformed,
  ],
  ['61: exp negative', withClaims({ exp: -1 }), malformed],
  ['61: exp null', withClaims({ exp: null }), malformed],
  ['61: exp 10 years ahead', withClaims({ exp: NOW + 10 * YEAR }), malformed],
  ['61: exp in milliseconds', withClaims({ exp: (NOW + 3600) * 1000 }), malformed],
  ['62: exp 59 s ago', withClaims({ exp: NOW - 59 }), 'attested'],
  ['62: exp 60 s ago', withClaims({ exp: NOW - 60 }), 'auth.token_expired'],
  ['62: nbf 60 s ahead', withClaims({ nbf: NOW + 60 }), 'attested'],
  ['62: nbf 61 s ahead', withClaims({ nbf: NOW + 61 }), 'auth.token_not_yet_valid'],
  ['62: iat 60 s ahead', withClaims({ iat: NOW + 60 }), 'attested'],
  ['62: iat 61 s ahead', withClaims({ iat: NOW + 61 }), 'auth.token_not_yet_valid'],
  ['62: iat a year old', withClaims({ iat: NOW - YEAR }), 'auth.token_expired'],
  ['62: iat 364 days old', withClaims({ iat: NOW - YEAR + 86_400 }), 'attested'],
  ['62: nbf is a string', withClaims({ nbf: 'now' }), malformed],
  ['63: another audience', withClaims({ aud: 'api' }), 'auth.audience_mismatch'],
  ['63: ours as a lone string', withClaims({ aud: 'istio-ca' }), 'attested'],
  ["63: ours and the API server's", withClaims({ aud: ['https://kubernetes.default.svc', 'istio-ca'] }), 'attested'],
  ['63: no audience in the list', withClaims({ aud: [] }), 'auth.audience_mismatch'],
  ['63: the empty audience', withClaims({ aud: '' }), 'auth.audience_mismatch'],
  ['63: a prefix of ours', withClaims({ aud: 'istio' }), 'auth.audience_mismatch'],
  ['63: ours with more behind', withClaims({ aud: 'istio-ca2' }), 'auth.audience_mismatch'],
  ['63: ours in another case', withClaims({ aud: 'Istio-CA' }), 'auth.audience_mismatch'],
  ['63: an audience that is a number', withClaims({ aud: [1, 'istio-ca'] }), malformed],
  ['64: iss with a trailing slash', withClaims({ iss: `${claims.iss}/` }), 'auth.issuer_unknown'],
  [
    '64: iss in another case',
    withClaims({ iss: 'https://Kubernetes.default.svc.cluster.local' }),
    'auth.issuer_unknown',
  ],
  [
    '64: iss with a homoglyph',
    withClaims({ iss: 'https://kubernetes.default.svc.cluster.lоcal' }),
    'auth.issuer_unknown',
  ],
  ['64: iss missing', without('iss'), 'auth.issuer_unknown'],
  ['64: iss is a list', withClaims({ iss: [claims.iss] }), 'auth.issuer_unknown'],
  ['66: a legacy token without audience', without('aud'), 'auth.audience_mismatch'],
  ['66: a legacy token without audience and expiry', without('aud', 'exp'), malformed],
  ...[
    'system:serviceaccount:a:b:c',
    'system:serviceaccount::web',
    'system:serviceaccount:default:',
    'system:serviceaccount:Default:web',
    'system:serviceaccount:default:Web',
    'system:serviceaccount:..:web',
    'system:serviceaccount:default:..',
    'system:serviceaccount:default:a/b',
    'system:serviceaccount:default:a..b',
    'system:serviceaccount:-a:web',
    `system:serviceaccount:${'a'.repeat(64)}:web`,
    `system:serviceaccount:default:${'a'.repeat(254)}`,
    'system:serviceaccount:default',
    'system:node:default:web',
    'system:serviceaccount:default:web\n',
    'serviceaccount:default:web',
    '',
  ].map(
    (sub) =>
      [
        `70: sub ${JSON.stringify(sub).slice(0, 50)}`,
        withClaims({ sub, 'kubernetes.io': undefined }),
        'auth.subject_invalid',
      ] as const,
  ),
  ['70: sub is a number', withClaims({ sub: 1 }), 'auth.subject_invalid'],
  [
    '70: sub of another account than the claim',
    withClaims({ sub: 'system:serviceaccount:default:other' }),
    'auth.subject_invalid',
  ],
  [
    '70: sub of another namespace than the claim',
    withClaims({ sub: 'system:serviceaccount:other:web' }),
    'auth.subject_invalid',
  ],
  ['70: a claim that is no object', withClaims({ 'kubernetes.io': 'default/web' }), 'auth.subject_invalid'],
  [
    '70: a name with dots',
    withClaims({ sub: 'system:serviceaccount:default:a.b', 'kubernetes.io': undefined }),
    'attested',
  ],
  ['a token one byte over the limit', `${good}${'A'.repeat(8193 - good.length)}`, malformed],
]
for (const [title, token, want] of cases) {
  test(`hostile ${title}: ${want}`, async () => assert.equal(await codeOf(token), want))
}

test('hostile 61: an expired token says by how much', async () => {
  await assert.rejects(async () => attestation.attest({ bearer: withClaims({ exp: NOW - 100 }) }), /expired 100 s ago/)
})

test('hostile 63: a wrong audience names the one wanted and those seen', async () => {
  await assert.rejects(async () => attestation.attest({ bearer: withClaims({ aud: ['a', 'b'] }) }), {
    code: 'auth.audience_mismatch',
    wanted: 'istio-ca',
    seen: 'a, b',
  })
})

test('hostile 65: a single-use token names the same spend each time, whatever its signature', async () => {
  const single = testAttestation(attestationOptions({ jwt: [inlineRule([es256], { singleUse: true })] }), clock)
  const spends = []
  for (const token of [makeToken(es256, claims), makeToken(es256, claims)]) {
    const { spend } = await single.attestation.attest({ bearer: token })
    assert.equal(spend?.kind, 'jwt')
    spends.push(spend)
  }
  assert.deepEqual(spends[0], spends[1])
  assert.equal(spends[0]?.kind === 'jwt' && spends[0].expiresAt, NOW + 3600 + 60)
})

test('hostile 65: without jti the spend is that of what was signed, so a second signature makes no second use', async () => {
  const single = testAttestation(attestationOptions({ jwt: [inlineRule([es256], { singleUse: true })] }), clock)
  const { jti: _jti, ...body } = claims
  const first = await single.attestation.attest({ bearer: makeToken(es256, body) })
  const second = await single.attestation.attest({ bearer: makeToken(es256, body) })
  const other = await single.attestation.attest({ bearer: makeToken(es256, { ...body, exp: NOW + 3601 }) })
  assert.deepEqual(first.spend, second.spend)
  assert.notDeepEqual(first.spend, other.spend)
})

test('hostile 65: two uses of one join token at the same moment both name it, and one of them can be counted', async () => {
  const { attestation: joining, joinTokens, store } = testAttestation(options, clock)
  const { token, id } = await joinTokens.create({ identity: 'spiffe://cluster.local/ns/a/sa/b' }, 'local')
  const callers = await Promise.all([joining.attest({ joinToken: token }), joining.attest({ bearer: token })])
  let uses = 1
  const counted = callers.filter(({ spend }) => spend?.kind === 'join-token' && spend.id === id && uses-- > 0)
  assert.equal(counted.length, 1)
  store.change(id, { used: 1 })
  await assert.rejects(async () => joining.attest({ joinToken: token }), { code: 'auth.token_used' })
})

test('trust 12: a key that is too weak is never used, and those beside it are', async () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const jwk = { ...createPublicKey(weak.privateKey).export({ format: 'jwk' }), kid: 'weak' }
  const rule = inlineRule([es256], { jwks: { inline: { keys: [jwk, es256.jwk] } } })
  const { attestation: strict } = testAttestation(attestationOptions({ jwt: [rule] }), clock)
  const key = { alg: 'RS256', kid: 'weak', jwk, ...weak } as const
  await assert.rejects(async () => strict.attest({ bearer: makeToken(key, claims) }), { code: invalid })
  assert.equal((await strict.attest({ bearer: good })).identity.uri, 'spiffe://cluster.local/ns/default/sa/web')
})
