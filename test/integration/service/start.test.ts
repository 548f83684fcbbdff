import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openssl, opensslMissing } from '../../support/openssl.ts'
import { runRefused, type Service, startService } from '../../support/service.ts'

const HOUR = 3600
const DAY = 24 * HOUR

describe('the first start', () => {
  let service: Service
  let started: number
  before(async () => {
    started = Date.now() / 1000
    service = await startService()
  })
  after(() => service.stop())

  test('creates the data directory with its modes', () => {
    const { data } = service
    assert.deepEqual(
      ['.', 'keys', 'authorities', 'alcazar.db', 'admin.sock', 'bundle.pem', 'server.crt', 'server.key'].map((name) => [
        name,
        modeOf(join(data, name)),
      ]),
      [
        ['.', '0700'],
        ['keys', '0700'],
        ['authorities', '0700'],
        ['alcazar.db', '0600'],
        ['admin.sock', '0600'],
        ['bundle.pem', '0644'],
        ['server.crt', '0644'],
        ['server.key', '0600'],
      ],
    )
    const ids = readdirSync(join(data, 'authorities')).map((name) => name.replace(/\.crt$/, ''))
    assert.equal(ids.length, 2)
    const keys = readdirSync(join(data, 'keys')).map((name) => name.replace(/\.key$/, ''))
    assert.equal(keys.length, 3) // that of JWT-SVIDs has no certificate
    assert.ok(ids.every((id) => keys.includes(id)))
    for (const id of keys) assert.equal(modeOf(join(data, 'keys', `${id}.key`)), '0600')
  })

  test('creates a root and an intermediate below it, valid from an hour ago', () => {
    const { root, intermediate } = authoritiesOf(service)
    const near = (seen: number, wanted: number) => assert.ok(Math.abs(seen - wanted) < 60, `${seen} is not ${wanted}`)
    near(seconds(root.validFrom), started - HOUR)
    near(seconds(root.validTo), started + 5 * 365 * DAY)
    near(seconds(intermediate.validFrom), started - HOUR)
    near(seconds(intermediate.validTo), started + 30 * DAY)
    assert.ok(root.checkIssued(root) && root.verify(root.publicKey))
    assert.ok(intermediate.checkIssued(root) && intermediate.verify(root.publicKey))
    for (const one of [root, intermediate]) assert.equal(one.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
    assert.notEqual(keyOf(root), keyOf(intermediate))
    assert.equal(new X509Certificate(service.roots()).fingerprint256, root.fingerprint256)
  })

  test('openssl agrees on path length and key usage', { skip: opensslMissing }, () => {
    const text = (one: X509Certificate) => openssl(['x509', '-noout', '-text'], one.toString()).replaceAll(/\s+/g, ' ')
    const { root, intermediate } = authoritiesOf(service)
    assert.match(text(root), /Basic Constraints: critical CA:TRUE X509v3/)
    assert.match(text(intermediate), /Basic Constraints: critical CA:TRUE, pathlen:0 X509v3/)
    for (const one of [root, intermediate])
      assert.match(text(one), /Key Usage: critical Certificate Sign, CRL Sign X509v3/)
  })

  test('gives itself a certificate with every name that clients dial', () => {
    const leaf = new X509Certificate(readFileSync(join(service.data, 'server.crt')))
    const host = hostname().toLowerCase()
    assert.deepEqual(
      new Set(leaf.subjectAltName?.split(', ')),
      new Set([
        'URI:spiffe://cluster.local/ns/istio-system/sa/alcazar',
        'DNS:istiod.istio-system.svc',
        'DNS:istiod.istio-system',
        'DNS:istiod',
        'DNS:localhost',
        ...(/^[a-z0-9.-]+$/.test(host) ? [`DNS:${host}`] : []),
        'IP Address:127.0.0.1',
        'IP Address:0:0:0:0:0:0:0:1',
      ]),
    )
    assert.ok(Math.abs(seconds(leaf.validTo) - (started + DAY)) < 60)
    assert.ok(leaf.verify(authoritiesOf(service).intermediate.publicKey))
  })

  test('prints the lines to paste, each listener, then `ready`', () => {
    const { stdout } = service
    assert.ok(stdout.some((line) => line.includes('cert issue --identity spiffe://cluster.local/ns/default/sa/web')))
    const listening = stdout.filter((line) => line.startsWith('listening '))
    const port = String.raw`127\.0\.0\.1:[1-9]\d*`
    const wanted = [`grpc ${port}`, `https ${port}`, `monitoring ${port}`, `admin ${join(service.data, 'admin.sock')}`]
    assert.equal(listening.length, wanted.length)
    wanted.forEach((text, i) => {
      assert.match(listening[i] ?? '', new RegExp(`^listening ${text}$`))
    })
    assert.equal(stdout.at(-1), 'ready')
  })

  test('a second process on the same data directory is refused', async () => {
    const { code, stderr } = await runRefused({ directory: service.directory })
    assert.equal(code, 1)
    assert.match(stderr, /\[store\.locked\]/)
  })
})

describe('the second start', () => {
  test('finds authorities, bundle and serving certificate again', async () => {
    const first = await startService()
    const before = filesOf(first.data)
    assert.equal((await first.stop()).code, 0)
    const second = await startService({ directory: first.directory })
    assert.deepEqual(filesOf(second.data), before)
    assert.equal((await second.stop()).code, 0)
  })

  test('after SIGKILL it starts the same way, past the socket that was left behind', async () => {
    const first = await startService()
    const before = filesOf(first.data)
    await first.kill()
    const second = await startService({ directory: first.directory })
    assert.deepEqual(filesOf(second.data), before)
    await second.stop()
  })
})

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8).padStart(4, '0')
}

function authoritiesOf({ data }: Service): { readonly root: X509Certificate; readonly intermediate: X509Certificate } {
  const folder = join(data, 'authorities')
  const all = readdirSync(folder).map((name) => new X509Certificate(readFileSync(join(folder, name))))
  const root = all.find((one) => one.subject === one.issuer)
  const intermediate = all.find((one) => one.subject !== one.issuer)
  if (root === undefined || intermediate === undefined) throw new Error('there is no root or no intermediate')
  return { root, intermediate }
}

/** Everything that a start must leave as it was. */
function filesOf(data: string): Record<string, string> {
  const names = [
    'bundle.pem',
    'server.crt',
    'server.key',
    ...readdirSync(join(data, 'authorities')).map((name) => `authorities/${name}`),
  ]
  const paths = [...names.map((name) => join(data, name)), ...keyFilesOf(data)]
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, 'utf8')]))
}

function keyFilesOf(data: string): string[] {
  return readdirSync(join(data, 'keys')).map((name) => join(data, 'keys', name))
}

function keyOf(certificate: X509Certificate): string {
  return certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('hex')
}

function seconds(date: string): number {
  return Date.parse(date) / 1000
}
