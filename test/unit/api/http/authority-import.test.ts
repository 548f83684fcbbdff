import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { buildApi } from '../../../../src/api/http/api.ts'
import type { HttpDeps } from '../../../../src/api/http/deps.ts'
import type { ImportOutcome } from '../../../../src/ca/import/importer.ts'
import type { SignIntermediateRequest } from '../../../../src/ca/import/sign-intermediate.ts'
import { fakeDeps, fakeImporter, NOW } from '../../../support/http.ts'

const CERTIFICATE = { name: 'ca-cert.pem', text: 'PEM' }
const FINDING = { file: 'ca-cert.pem', code: 'ca.false', level: 'error', text: 'it is no authority' } as const
const REFUSED: ImportOutcome = { accepted: false, id: null, authorities: [], findings: [FINDING] }

async function post(
  url: string,
  payload: object,
  { role = 'admin', ...overrides }: Partial<HttpDeps> & { role?: string } = {},
) {
  const app = buildApi(fakeDeps(overrides), 'network', (handler) => createServer(handler))
  return app.inject({ method: 'POST', url, headers: { authorization: `Bearer ${role}` }, payload })
}

describe('/v1/authorities/import', () => {
  const importer: HttpDeps['importer'] = {
    ...fakeImporter,
    check: async () => REFUSED,
    import: async () => REFUSED,
  }

  test('a refusal is a problem with each finding, a dry run an answer', async () => {
    const refused = await post('/v1/authorities/import', { certificate: CERTIFICATE }, { importer })
    assert.equal(refused.statusCode, 422)
    const { code, errors } = refused.json()
    assert.equal(code, 'authority.import_refused')
    assert.deepEqual(errors, [{ document: 0, path: 'ca-cert.pem', code: 'ca.false', message: 'it is no authority' }])
    const judged = await post('/v1/authorities/import', { certificate: CERTIFICATE, dryRun: true }, { importer })
    assert.deepEqual(judged.json(), { accepted: false, id: null, adopted: [], findings: [FINDING] })
  })

  test('says who wants it and why', async () => {
    const seen: unknown[] = []
    const recording: HttpDeps['importer'] = {
      ...fakeImporter,
      async import(...given) {
        seen.push(given)
        return { accepted: true, id: 'x', authorities: [], findings: [] }
      },
    }
    const body = { certificate: CERTIFICATE, reason: 'ours' }
    assert.equal((await post('/v1/authorities/import', body, { importer: recording })).statusCode, 200)
    const material = { certificate: CERTIFICATE, key: null, chain: null, roots: null }
    assert.deepEqual(seen, [[material, { actor: 'admin', reason: 'ours' }]])
  })

  test('is strict', async () => {
    for (const body of [{}, { certificate: 'PEM' }, { certificate: CERTIFICATE, force: true }]) {
      assert.equal((await post('/v1/authorities/import', body)).statusCode, 400)
    }
  })
})

test('/v1/authorities/csr gives a CSR for a key of the configured type', async () => {
  const answer = await post('/v1/authorities/csr', {})
  assert.equal(answer.statusCode, 201)
  assert.deepEqual(answer.json(), { id: 'a'.repeat(40), keyType: 'ec-p256', csr: 'PEM\n' })
})

test('/v1/authorities/sign-intermediate passes on CSR, life and caller', async () => {
  const seen: SignIntermediateRequest[] = []
  const signIntermediate: HttpDeps['signIntermediate'] = async (request) => {
    seen.push(request)
    return { serial: '0'.repeat(32), notBefore: NOW, notAfter: NOW + 60, chain: ['C\n'], roots: ['R\n'] }
  }
  const answer = await post('/v1/authorities/sign-intermediate', { csr: 'CSR', ttl: '1h' }, { signIntermediate })
  assert.equal(answer.statusCode, 201)
  assert.deepEqual([answer.json().chain, answer.json().roots], [['C\n'], ['R\n']])
  assert.deepEqual(
    seen.map(({ csr, ttlSeconds, actor }) => [csr, ttlSeconds, actor]),
    [['CSR', 3600, 'admin']],
  )
})

for (const path of ['import', 'csr', 'sign-intermediate']) {
  test(`/v1/authorities/${path} is for administrators alone`, async () => {
    const answer = await post(`/v1/authorities/${path}`, { csr: 'x', certificate: CERTIFICATE }, { role: 'operator' })
    assert.deepEqual([answer.statusCode, answer.json().code], [403, 'auth.forbidden'])
  })
}
