import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createIntermediate, createRoot } from '../../../src/ca/create-authority.ts'
import { crossSign } from '../../../src/ca/cross-sign.ts'
import type { KeyType } from '../../../src/pki/key-types.ts'
import { memoryKeys } from '../../support/authority.ts'
import { rootPem } from '../../support/ca-material.ts'
import { basicConstraints } from '../../support/odd-certificate.ts'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { newDirectory } from '../../support/service.ts'

const deps = {
  keys: memoryKeys(),
  random: (size: number) => randomBytes(size),
  now: Date.now(),
}
const plan = (keyType: KeyType) => ({
  ...deps,
  trustDomain: 'cluster.local',
  keyType,
  ttlSeconds: 86_400,
  state: 'active' as const,
})

for (const [from, to] of [
  ['ec-p256', 'ec-p384'],
  ['rsa-2048', 'ec-p256'],
] as const) {
  test(`who knows only the old root (${from}) believes what the new one (${to}) has signed`, {
    skip: opensslMissing,
  }, async () => {
    const oldRoot = await createRoot(deps, plan(from))
    const newRoot = await createRoot(deps, plan(to))
    const { authority } = await createIntermediate(deps, plan('ec-p256'), newRoot)
    const cross = await crossSign(newRoot.authority, oldRoot.authority, deps)
    const directory = newDirectory()
    const file = (name: string, text: string) => {
      writeFileSync(join(directory, name), text)
      return join(directory, name)
    }
    const chain = file('chain.pem', cross)
    const subject = file('intermediate.pem', authority.certificate)
    for (const { certificate } of [oldRoot.authority, newRoot.authority]) {
      const roots = file('root.pem', certificate)
      assert.match(openssl(['verify', '-x509_strict', '-CAfile', roots, '-untrusted', chain, subject]), /OK/)
    }
  })
}

test('a root that was made elsewhere keeps its name, its key and its extensions', async () => {
  const { authority: old } = await createRoot(deps, plan('ec-p256'))
  const certificate = rootPem({ basicConstraints: basicConstraints(true, 1) })
  const cross = await crossSign({ ...old, id: 'another', certificate }, old, deps)
  const [made, seen] = [certificate, cross].map((pem) => new X509Certificate(pem))
  assert.deepEqual([seen?.subject, seen?.subjectAltName], [made?.subject, made?.subjectAltName])
  assert.deepEqual(seen?.publicKey.export({ format: 'jwk' }), made?.publicKey.export({ format: 'jwk' }))
  assert.ok(seen?.raw.includes(basicConstraints(true, 1)))
  assert.ok(seen?.checkIssued(new X509Certificate(old.certificate)))
})

test('one that has ended certifies nothing', async () => {
  const { authority: root } = await createRoot(deps, plan('ec-p256'))
  await assert.rejects(crossSign(root, { ...root, notAfter: 1 }, deps), { code: 'authority.invalid_transition' })
})
