import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createIntermediate, createRoot } from '../../../src/ca/create-authority.ts'
import { crossSign } from '../../../src/ca/cross-sign.ts'
import type { AppError } from '../../../src/kernel/errors.ts'
import type { KeyType } from '../../../src/pki/key-types.ts'
import { memoryKeys } from '../../support/authority.ts'
import { rootPem } from '../../support/ca-material.ts'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { newDirectory } from '../../support/service.ts'

const deps = {
  keys: memoryKeys(),
  random: (size: number) => randomBytes(size),
  trustDomain: 'cluster.local',
  now: Date.now(),
}
const plan = (keyType: KeyType) => ({ ...deps, keyType, ttlSeconds: 86_400, state: 'active' as const })

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

test('a root that was not made here is refused, and so is one that has ended', async () => {
  const { authority: root } = await createRoot(deps, plan('ec-p256'))
  const isInvalid = (error: AppError) => error.code === 'authority.invalid_transition'
  await assert.rejects(crossSign({ ...root, certificate: rootPem() }, root, deps), isInvalid)
  await assert.rejects(crossSign(root, { ...root, notAfter: 1 }, deps), isInvalid)
})
