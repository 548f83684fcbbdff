import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { KeyedAuthority } from '../../../src/ca/create-authority.ts'
import { readAuthorityCertificate } from '../../../src/pki/build-certificate.ts'
import { buildCrl, type CrlEntry } from '../../../src/pki/crl.ts'
import { generateKey, toSigner } from '../../../src/pki/file-keys.ts'
import { KEY_TYPES, type KeyType } from '../../../src/pki/key-types.ts'
import { assembleCertificate, fillLeafTemplate } from '../../../src/pki/leaf-template.ts'
import { toPem } from '../../../src/pki/pem.ts'
import { testAuthorities } from '../../support/authority.ts'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { newDirectory } from '../../support/service.ts'

const NOW = Math.floor(Date.now() / 1000)
const directory = newDirectory()

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

async function crlOf({ authority, signer }: KeyedAuthority, entries: readonly CrlEntry[]): Promise<string> {
  const issuer = readAuthorityCertificate(authority.certificate).name
  const times = { thisUpdate: NOW - 120, nextUpdate: NOW + 86_280 }
  const der = await buildCrl({ issuer, keyId: authority.id, number: NOW, ...times, entries }, signer)
  return toPem('X509 CRL', der)
}

/** A leaf of `issuing`, with its serial. */
async function leafOf({ issuing, intermediate }: Awaited<ReturnType<typeof testAuthorities>>) {
  const key = toSigner(generateKey('ec-p256'), 'ec-p256')
  const serial = randomBytes(16)
  const tbs = fillLeafTemplate(issuing.template('ec-p256'), {
    serial,
    notBefore: NOW - 60,
    notAfter: NOW + 600,
    spki: key.publicKey.export({ type: 'spki', format: 'der' }),
    subjectKeyId: randomBytes(20),
    names: { uri: 'spiffe://cluster.local/ns/default/sa/web' },
  })
  const { signer } = intermediate
  const der = assembleCertificate(tbs, signer.algorithm, await signer.sign(tbs))
  return { pem: toPem('CERTIFICATE', der), serial: serial.toString('hex') }
}

for (const keyType of KEY_TYPES.filter((type) => type !== 'rsa-3072')) {
  test(`openssl takes the CRLs of ${keyType} authorities`, { skip: opensslMissing }, () => check(keyType))
}

async function check(keyType: KeyType): Promise<void> {
  const authorities = await testAuthorities(keyType, NOW * 1000)
  const { root, intermediate } = authorities
  const good = await leafOf(authorities)
  const bad = await leafOf(authorities)
  const entry: CrlEntry = { serial: bad.serial, revokedAt: NOW - 200, reason: 'keyCompromise' }
  const ofLeaves = await crlOf(intermediate, [entry])
  const ca = file(`${keyType}-root.pem`, root.authority.certificate)
  const chain = file(`${keyType}-intermediate.pem`, intermediate.authority.certificate)

  const crl = file(`${keyType}-leaves.crl`, ofLeaves)
  const text = openssl(['crl', '-in', crl, '-noout', '-text', '-CAfile', chain, '-verify'])
  assert.match(text, /Version 2 \(0x1\)/)
  assert.match(text, new RegExp(`X509v3 CRL Number: \\n +${NOW}\\n`))
  assert.match(text, /Key Compromise/)

  const crls = file(`${keyType}-all.crl`, ofLeaves + (await crlOf(root, [])))
  const verify = (leaf: string, lists: string) =>
    openssl([
      ...['verify', '-crl_check_all', '-CAfile', ca, '-untrusted', chain, '-CRLfile', lists],
      file(`${keyType}-leaf.pem`, leaf),
    ])
  assert.match(verify(good.pem, crls), /OK/)
  assert.throws(() => verify(bad.pem, crls), /certificate revoked/)
  assert.throws(() => verify(good.pem, crl), /unable to get certificate CRL/) // all CAs of a chain, or none

  const serial = openssl(['x509', '-in', chain, '-noout', '-serial']).trim().split('=')[1] ?? ''
  const revoked = await crlOf(root, [{ serial: serial.toLowerCase(), revokedAt: NOW - 200, reason: 'cACompromise' }])
  assert.throws(() => verify(good.pem, file(`${keyType}-ca.crl`, ofLeaves + revoked)), /certificate revoked/)
}
