import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { checkImport } from '../../../../src/ca/import/check-import.ts'
import type { ImportOptions } from '../../../../src/ca/import/verdict.ts'
import { oid, sequence, TAG, tlv } from '../../../../src/pki/der-writer.ts'
import {
  authority,
  type CaTexts,
  caMaterial,
  keyPem,
  newKey,
  ROOT,
  ROOT_PEM,
  rootPem,
  SIGNER,
  SIGNER_PEM,
  signerPem,
} from '../../../support/ca-material.ts'
import { extension, generalName } from '../../../support/csr-builder.ts'
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  ODD_NOW,
  type OddCertificate,
} from '../../../support/odd-certificate.ts'

const DAY = 86_400
const OPTIONS: ImportOptions = {
  now: ODD_NOW,
  trustDomain: 'cluster.local',
  defaultTtlSeconds: 3600,
  ownNames: {
    uri: 'spiffe://cluster.local/ns/istio-system/sa/alcazar',
    dns: ['istiod.istio-system.svc'],
    ips: ['127.0.0.1', '::1'],
  },
  trustedRoots: [],
}
const MIDDLE = { name: 'Test middle', key: newKey() }

function check(texts: CaTexts = {}, options: Partial<ImportOptions> = {}) {
  return checkImport(caMaterial(texts), { ...OPTIONS, ...options })
}

/** `level file code` of each finding but those of every certificate here. */
function findingsOf(texts: CaTexts, options: Partial<ImportOptions> = {}): readonly string[] {
  return check(texts, options)
    .findings.filter(({ code }) => code !== 'key_id.missing')
    .map(({ level, file, code }) => `${level} ${file} ${code}`)
}

/** The extension of a key identifier: the subject's, or within a sequence the issuer's. */
function subjectKeyId(digits: string): Buffer {
  return extension('2.5.29.14', tlv(TAG.octetString, Buffer.from(digits, 'hex')))
}

function authorityKeyId(digits: string): Buffer {
  return extension('2.5.29.35', sequence(tlv(0x80, Buffer.from(digits, 'hex'))))
}

function constraints(tag: number, ...names: readonly Buffer[]): Buffer {
  return extension('2.5.29.30', sequence(tlv(tag, ...names.map((name) => sequence(name)))), true)
}

const PERMITTED = 0xa0
const EXCLUDED = 0xa1

describe('an authority that is fit to sign', () => {
  test('comes with its path, its key and the time in which all of it is valid', () => {
    const { imported, findings } = check({ roots: rootPem({ notAfter: ODD_NOW + 80 * DAY }) })
    assert.deepEqual(
      findings.filter(({ level }) => level === 'error'),
      [],
    )
    assert.equal(imported?.keyType, 'ec-p256')
    assert.equal(imported.notAfter, ODD_NOW + 80 * DAY)
    assert.equal(imported.notBefore, ODD_NOW - DAY)
    assert.deepEqual(imported.chain, [])
    assert.equal(new X509Certificate(imported.certificate).subject, 'O=Test signer')
    assert.equal(new X509Certificate(imported.root.certificate).subject, 'O=Test root')
    assert.deepEqual(imported.key, SIGNER.key.export({ type: 'pkcs8', format: 'der' }))
  })

  test("Istio's cert-chain.pem may end in the root, and hold what stands between", () => {
    const middle = authority({ ...MIDDLE })
    const certificate = signerPem({ issuer: MIDDLE })
    const { imported } = check({ certificate, chain: `${certificate}${middle}${ROOT_PEM}` })
    assert.deepEqual(
      imported?.chain.map((pem) => new X509Certificate(pem).subject),
      ['O=Test middle'],
    )
  })

  test('tls.crt may hold the chain itself', () => {
    const middle = authority({ ...MIDDLE })
    const { imported } = check({ certificate: `${signerPem({ issuer: MIDDLE })}${middle}`, chain: null })
    assert.equal(imported?.chain.length, 1)
  })

  test('without roots of its own it must descend from a trusted one', () => {
    const { imported } = check({ roots: null, key: null }, { trustedRoots: [rootPem()] })
    assert.equal(imported?.key, null)
    assert.equal(new X509Certificate(imported.root.certificate).subject, 'O=Test root')
    assert.deepEqual(findingsOf({ roots: null }), [
      'error the trusted roots pem.malformed',
      'error ca-cert.pem chain.no_root',
    ])
  })

  test('keys in the older forms of OpenSSL are read', () => {
    const sec1 = SIGNER.key.export({ type: 'sec1', format: 'pem' }).toString()
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
    assert.notEqual(check({ key: `${parameters}${sec1}` }).imported, null)
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const key = rsa.export({ type: 'pkcs1', format: 'pem' }).toString()
    assert.equal(check({ certificate: signerPem({ key: rsa }), key }).imported?.keyType, 'rsa-2048')
  })
})

const weakRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const selfSigned = (change: OddCertificate) => {
  const name = 'Other root'
  return rootPem({ name, key: MIDDLE.key, issuer: { name, key: MIDDLE.key }, ...change })
}
const otherRoot = selfSigned({})
const leaf = signerPem({ basicConstraints: basicConstraints(false) })
const uri = (host: string) => generalName(0x86, host)
const dns = (name: string) => generalName(0x82, name)
const address = (hex: string) => tlv(0x87, Buffer.from(hex, 'hex'))
const constrained = (rule: Buffer) => ({ certificate: signerPem({ extra: [rule] }) })

const cases: readonly (readonly [what: string, texts: CaTexts, findings: readonly string[]])[] = [
  ['nothing unusual', {}, []],
  // the text of the files (hostile 109)
  ['CR LF', { roots: rootPem().replaceAll('\n', '\r\n') }, ['warning root-cert.pem pem.crlf']],
  ['no newline at the end', { roots: rootPem().trimEnd() }, ['warning root-cert.pem pem.no_newline']],
  ['text between', { roots: `Bag Attributes\n${ROOT_PEM}` }, ['warning root-cert.pem pem.text']],
  ['a byte order mark', { roots: `\u{feff}${ROOT_PEM}` }, ['warning root-cert.pem pem.byte_order_mark']],
  ['an empty file', { roots: '' }, ['error root-cert.pem pem.malformed', 'error ca-cert.pem chain.no_root']],
  [
    'a file cut off',
    { roots: rootPem().slice(0, 300) },
    ['error root-cert.pem pem.malformed', 'error ca-cert.pem chain.no_root'],
  ],
  ['a key among certificates', { chain: `${SIGNER_PEM}${keyPem()}` }, ['error cert-chain.pem pem.unexpected']],
  ['a root twice', { roots: rootPem().repeat(2) }, ['warning root-cert.pem (2 of 2) roots.repeated']],
  // the key
  ['the key of another', { key: keyPem(ROOT.key) }, ['error ca-key.pem key.mismatch']],
  ['a certificate for a key', { key: rootPem() }, ['error ca-key.pem key.malformed']],
  ['two keys', { key: keyPem().repeat(2) }, ['error ca-key.pem key.malformed']],
  [
    'an encrypted key',
    { key: SIGNER.key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString() },
    ['error ca-key.pem key.malformed'],
  ],
  // the certificate by itself
  [
    'RSA-1024',
    { certificate: signerPem({ key: weakRsa }), key: keyPem(weakRsa) },
    ['error ca-cert.pem key.weak', 'error ca-cert.pem key.not_allowed'],
  ],
  ['no CA', { certificate: leaf }, ['error ca-cert.pem ca.false']],
  [
    'no keyCertSign',
    { certificate: signerPem({ keyUsage: keyUsage(0x02) }) },
    ['error ca-cert.pem usage.no_cert_sign'],
  ],
  ['no key usage', { certificate: signerPem({ keyUsage: null }) }, ['error ca-cert.pem usage.missing']],
  [
    'only for servers',
    { certificate: signerPem({ extendedKeyUsage: extendedKeyUsage('1.3.6.1.5.5.7.3.1') }) },
    ['error ca-cert.pem purpose.incomplete'],
  ],
  ['expired', { certificate: signerPem({ notAfter: ODD_NOW - 1 }) }, ['error ca-cert.pem validity.expired']],
  ['not valid yet', { certificate: signerPem({ notBefore: ODD_NOW + 60 }) }, ['error ca-cert.pem validity.not_yet']],
  [
    'less life than a leaf',
    { certificate: signerPem({ notBefore: ODD_NOW - 60, notAfter: ODD_NOW + 3599 }) },
    ['warning ca-cert.pem validity.short'],
  ],
  [
    'another trust domain',
    { certificate: signerPem({ uris: ['spiffe://other.example'] }) },
    ['error ca-cert.pem names.other_trust_domain'],
  ],
  ['no SPIFFE ID at all', { certificate: signerPem({ uris: [] }) }, []],
  [
    'a key identifier of 32 octets',
    { certificate: signerPem({ extra: [subjectKeyId('ab'.repeat(32))] }) },
    ['error ca-cert.pem key_id.length'],
  ],
  [
    'policy constraints',
    { certificate: signerPem({ extra: [extension('2.5.29.36', sequence(tlv(0x80, Buffer.from([0]))), true)] }) },
    ['error ca-cert.pem constraints.policy'],
  ],
  // the path
  ['a root that signs', { certificate: rootPem(), key: keyPem(ROOT.key) }, ['error ca-cert.pem signer.is_root']],
  // the roots that come along
  ['another root that is trusted, too', { roots: `${otherRoot}${ROOT_PEM}` }, []],
  [
    'another root that has expired',
    { roots: `${ROOT_PEM}${selfSigned({ notAfter: ODD_NOW - 1 })}` },
    ['warning root-cert.pem (2 of 2) validity.expired'],
  ],
  [
    'another root of another trust domain',
    { roots: `${ROOT_PEM}${selfSigned({ uris: ['spiffe://other.example'] })}` },
    ['warning root-cert.pem (2 of 2) names.other_trust_domain'],
  ],
  [
    'an authority among the roots that is none',
    { roots: `${ROOT_PEM}${authority(MIDDLE)}` },
    ['warning root-cert.pem (2 of 2) roots.not_self_signed'],
  ],
  [
    'a leaf among the roots',
    { roots: `${ROOT_PEM}${leaf}` },
    ['warning root-cert.pem (2 of 2) ca.false', 'warning root-cert.pem (2 of 2) roots.not_self_signed'],
  ],
  [
    'the same root with a longer life',
    { roots: `${ROOT_PEM}${rootPem({ notAfter: ODD_NOW + 400 * 86_400 })}` },
    ['warning root-cert.pem (2 of 2) roots.same_key'],
  ],
  ['another root', { roots: otherRoot }, ['error ca-cert.pem chain.no_root']],
  [
    'a root of the same name',
    { roots: rootPem({ key: MIDDLE.key, issuer: { name: ROOT.name, key: MIDDLE.key } }) },
    ['error ca-cert.pem signature.invalid'],
  ],
  [
    'a foreign root in the chain',
    { chain: `${SIGNER_PEM}${otherRoot}` },
    ['error cert-chain.pem (2 of 2) chain.foreign_root'],
  ],
  [
    'a chain without the signer',
    { certificate: signerPem({ issuer: MIDDLE }), chain: authority(MIDDLE) },
    ['warning cert-chain.pem chain.no_signer'],
  ],
  [
    'an unrelated certificate',
    { chain: `${SIGNER_PEM}${authority(MIDDLE)}` },
    ['error cert-chain.pem (2 of 2) chain.unrelated'],
  ],
  [
    'no path length',
    { certificate: signerPem({ basicConstraints: basicConstraints(true) }) },
    ['warning ca-cert.pem path_length.open'],
  ],
  [
    'a root for leaves alone',
    { roots: rootPem({ basicConstraints: basicConstraints(true, 0) }) },
    ['error root-cert.pem path_length.exceeded'],
  ],
  [
    'key identifiers that do not meet',
    {
      certificate: signerPem({ extra: [authorityKeyId('11'.repeat(20))] }),
      roots: rootPem({ extra: [subjectKeyId('22'.repeat(20))] }),
    },
    ['error root-cert.pem key_id.differs'],
  ],
  [
    'a root that ends before',
    { roots: rootPem({ notAfter: ODD_NOW + 50 * DAY }) },
    ['warning root-cert.pem validity.outlives_issuer'],
  ],
  // name constraints
  ['the trust domain permitted', constrained(constraints(PERMITTED, uri('cluster.local'))), []],
  [
    'another trust domain permitted',
    constrained(constraints(PERMITTED, uri('example.org'))),
    ['error ca-cert.pem constraints.forbidden'],
  ],
  [
    'its subdomains permitted',
    constrained(constraints(PERMITTED, uri('.cluster.local'))),
    ['error ca-cert.pem constraints.forbidden'],
  ],
  [
    'its parent excluded',
    constrained(constraints(EXCLUDED, uri('local'))),
    ['error ca-cert.pem constraints.forbidden'],
  ],
  ['a DNS suffix permitted', constrained(constraints(PERMITTED, dns('svc'))), []],
  [
    'another DNS suffix permitted',
    constrained(constraints(PERMITTED, dns('example.org'))),
    ['error ca-cert.pem constraints.forbidden'],
  ],
  [
    'all addresses but IPv6',
    constrained(constraints(PERMITTED, address('0000000000000000'))),
    ['error ca-cert.pem constraints.forbidden'],
  ],
  [
    'loopback excluded',
    constrained(constraints(EXCLUDED, address('7f000000ff000000'))),
    ['error ca-cert.pem constraints.forbidden'],
  ],
  [
    'constraints that cannot be read',
    constrained(constraints(PERMITTED, address('7f'))),
    ['error ca-cert.pem constraints.malformed'],
  ],
  [
    'directory names above an authority',
    { roots: rootPem({ extra: [constraints(PERMITTED, tlv(0xa4, sequence()))] }) },
    ['error root-cert.pem constraints.unsupported'],
  ],
  ['directory names above leaves', constrained(constraints(PERMITTED, tlv(0xa4, sequence()))), []],
]

describe('each fault has a finding of its own', () => {
  for (const [what, texts, wanted] of cases) {
    test(what, () => {
      assert.deepEqual(findingsOf(texts), wanted)
      const isRefused = wanted.some((finding) => finding.startsWith('error'))
      assert.equal(check(texts).imported === null, isRefused)
    })
  }

  test('a chain in the wrong order is named as such', () => {
    const second = { name: 'Second', key: newKey() }
    const certificate = signerPem({ issuer: second })
    const chain = `${certificate}${authority(MIDDLE)}${authority({ ...second, issuer: MIDDLE })}`
    assert.ok(findingsOf({ certificate, chain }).includes('error cert-chain.pem (2 of 3) chain.order'))
  })

  test('a signature that cannot be checked is not believed', () => {
    const pss = sequence(oid('1.2.840.113549.1.1.10'))
    assert.deepEqual(findingsOf({ certificate: signerPem({ signatureAlgorithm: pss }) }), [
      'error ca-cert.pem signature.unsupported',
    ])
  })
})
