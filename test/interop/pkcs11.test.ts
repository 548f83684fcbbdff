import assert from 'node:assert/strict'
import { readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import * as CK from '../../src/pki/pkcs11/constants.ts'
import { loadCryptoki } from '../../src/pki/pkcs11/cryptoki.ts'
import { type Answer, DOORS, newRequest } from '../support/doors.ts'
import type { Json } from '../support/jwt-maker.ts'
import { openssl } from '../support/openssl.ts'
import { newDirectory, runRefused, type Service, startService } from '../support/service.ts'
import { administer, eventually, monitor } from '../support/service-api.ts'
import { ATTESTATION, idOf, kubernetesToken } from '../support/service-tokens.ts'
import { lookInto, MODULE, newToken, PIN, type TestToken, tokenMissing } from './support/token.ts'

const CKA_ALWAYS_SENSITIVE = 0x165
const CKA_NEVER_EXTRACTABLE = 0x164
const CKA_VALUE = 0x11
const ALL = 200
const AT_ONCE = 32

/** `openssl verify`, with the chain that was answered below the root; `directory` is for its files. */
function verified(answer: Answer, directory: string): string {
  const [leaf = '', ...intermediates] = answer.chain
  const files = { leaf, chain: intermediates.join(''), roots: answer.roots }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  const at = (name: string) => join(directory, name)
  return openssl(['verify', '-x509_strict', '-CAfile', at('roots'), '-untrusted', at('chain'), at('leaf')])
}

for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048', 'ed25519'] as const) {
  describe(`authorities with ${keyType} keys in a token`, { skip: tokenMissing }, () => {
    let token: TestToken
    let service: Service
    const start = (directory?: string) => {
      const jwt = { keyType: keyType === 'ed25519' ? 'ec-p256' : keyType }
      const authority: Json = { keys: token.keys, root: { keyType }, intermediate: { keyType }, jwt }
      const config = { attestation: ATTESTATION, authority }
      return startService({ config, env: token.env, ...(directory === undefined ? {} : { directory }) })
    }
    before(async () => {
      token = newToken()
      service = await start()
    })
    after(() => service.stop())

    for (const name of ['REST', 'gRPC'] as const)
      test(`issue over ${name}, and openssl verifies it`, async () => {
        const door = DOORS[name](service, { token: kubernetesToken('shop', 'web') })
        const answer = await door.ask(newRequest(idOf('shop', 'web')).csr)
        door.close()
        assert.equal(answer.chain.length, 2, answer.reason ?? '')
        assert.match(verified(answer, service.directory), /: OK/)
      })

    test('sign JWT-SVIDs', async () => {
      const identity = idOf('shop', 'web')
      const issued = await administer(service, 'POST', '/v1/jwts', { audiences: ['a'], identity })
      assert.equal(issued.status, 201, issued.text)
      const keys = createLocalJWKSet(JSON.parse((await administer(service, 'GET', '/keys')).text))
      assert.equal((await jwtVerify(issued.json.token ?? '', keys, { audience: 'a' })).payload.sub, identity)
    })

    test('are found again at the next start; no key was ever a file', async () => {
      const roots = service.roots()
      assert.deepEqual(readdirSync(join(service.data, 'keys')), [])
      await service.stop()
      service = await start(service.directory)
      assert.equal(service.roots(), roots)
      const door = DOORS.gRPC(service, { token: kubernetesToken('shop', 'web') })
      assert.match(verified(await door.ask(newRequest().csr), service.directory), /: OK/)
      door.close()
    })
  })
}

describe('a token', { skip: tokenMissing }, () => {
  let token: TestToken
  let service: Service
  before(async () => {
    token = newToken()
    const limits = { ratePerIdentity: 'off' }
    const config = { attestation: ATTESTATION, authority: { keys: token.keys }, limits }
    service = await startService({ config, env: token.env })
  })
  after(() => service.stop())

  test('never gives a private key away', async () => {
    process.env.SOFTHSM2_CONF = token.env.SOFTHSM2_CONF
    const { cryptoki, anchor } = lookInto(await loadCryptoki(MODULE))
    cryptoki.C_FindObjectsInit(anchor, [{ type: CK.CKA_CLASS, value: CK.CKO_PRIVATE_KEY }])
    const keys = cryptoki.C_FindObjects(anchor, 10)
    cryptoki.C_FindObjectsFinal(anchor)
    assert.equal(keys.length, 3)
    const wanted = [
      [CK.CKA_SENSITIVE, 1],
      [CK.CKA_EXTRACTABLE, 0],
      [CKA_ALWAYS_SENSITIVE, 1],
      [CKA_NEVER_EXTRACTABLE, 1],
      [CK.CKA_PRIVATE, 1],
    ] as const
    for (const key of keys) {
      const seen = cryptoki.C_GetAttributeValue(
        anchor,
        key,
        wanted.map(([type]) => ({ type })),
      )
      assert.deepEqual(
        seen.map(({ type, value }) => [type, value[0]]),
        wanted,
      )
      assert.throws(() => cryptoki.C_GetAttributeValue(anchor, key, [{ type: CKA_VALUE }]), /CKR_ATTRIBUTE_SENSITIVE/)
    }
    cryptoki.C_Finalize()
  })

  test(`signs ${ALL} certificates, ${AT_ONCE} at once, each on the record`, async () => {
    const door = DOORS.gRPC(service, { token: kubernetesToken('shop', 'many') })
    const { csr } = newRequest()
    let left = ALL
    const statuses: number[] = []
    const worker = async () => {
      while (left-- > 0) statuses.push((await door.ask(csr)).status)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    door.close()
    assert.deepEqual([statuses.length, new Set(statuses)], [ALL, new Set([0])])
  })

  test('that is taken away: refused with a code, not ready, and well again when it is back', async () => {
    const ask = async () => {
      const door = DOORS.REST(service, { token: kubernetesToken('shop', 'web') })
      return door.ask(newRequest().csr).finally(() => door.close())
    }
    const isReady = async () => (await monitor(service, '/readyz')).status === 200
    const [tokens, away] = ['tokens', 'away'].map((name) => join(token.directory, name)) as [string, string]
    assert.ok(await isReady())
    renameSync(tokens, away)
    const refused = await ask()
    assert.deepEqual([refused.status, refused.reason, refused.retryAfterSeconds], [503, 'KEY_UNAVAILABLE', 10])
    assert.ok(!(await isReady()))
    assert.match((await administer(service, 'GET', '/v1/status')).text, /keys in the token `alcazar` do not sign/)
    renameSync(away, tokens)
    await eventually('it signs again', isReady)
    assert.equal((await ask()).status, 201)
  })

  const directory = newDirectory()
  const refusals: readonly (readonly [string, string, Json, Readonly<Record<string, string>>])[] = [
    ['a wrong PIN', 'pkcs11.pin_refused', {}, { TOKEN_PIN: `${PIN}0` }],
    ['no PIN', 'key.unusable', {}, { TOKEN_PIN: '' }],
    ['a label that no token has', 'pkcs11.token_missing', { tokenLabel: 'castle' }, {}],
    ['a module that is not there', 'pkcs11.module_unusable', { module: '/nowhere/lib.so' }, {}],
    ['a module that is none', 'pkcs11.module_unusable', { module: process.execPath }, {}],
  ]
  for (const [what, code, keys, env] of refusals)
    test(`${what} ends the start: ${code}`, async () => {
      const authority = { keys: { ...token.keys, ...keys } }
      const { code: exit, stderr } = await runRefused({
        directory,
        config: { authority },
        env: { ...token.env, ...env },
      })
      assert.equal(exit, 1)
      assert.ok(stderr.includes(`[${code}]`), stderr)
      assert.ok(!stderr.includes(PIN), 'the PIN is nowhere')
    })

  test('of which there are two ends the start', async () => {
    const twice = newToken('alcazar', newToken().directory)
    const config = { authority: { keys: twice.keys } }
    const { stderr } = await runRefused({ directory, config, env: twice.env })
    assert.match(stderr, /\[pkcs11\.token_ambiguous\]/)
  })
})
