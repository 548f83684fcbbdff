import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askHeaderRules } from '../../../src/decide/header-provider.ts'
import { JwksProvider } from '../../../src/decide/jwt/jwks-provider.ts'
import { TokenVerifier } from '../../../src/decide/jwt/token-verifier.ts'
import { openWhatIf } from '../../../src/decide/suppose.ts'
import { toWrittenQuestion } from '../../../src/decide/written-question.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import type { Question } from '../../../src/policy/request.ts'
import { toDecisionLine } from '../../../src/telemetry/decision-line.ts'
import { compileSecretHeaders } from '../../../src/telemetry/redact.ts'
import { decidedEvent } from '../../support/decisions.ts'
import { MESH } from '../../support/policies.ts'
import { askedHttp } from '../../support/questions.ts'

const tokens = new TokenVerifier(new JwksProvider({ clock: systemClock, log: silentLog, allowPrivateAddress: false }))
const examine = openWhatIf({ tokens, clock: systemClock })({
  mesh: { ...MESH, trustDomain: 'cluster.local', pathNormalization: 'DECODE_AND_MERGE_SLASHES' },
  workload: { namespace: 'shop', name: 'web', labels: {}, ip: null, ports: 'as-told' },
  policies: [],
  ask: askHeaderRules([]),
})
const decide = async (question: Question) => (await examine(question, { explain: false })).decision

const cases: readonly (readonly [target: string, asked: 'by a client' | 'by way of a proxy', status: number])[] = [
  ['/a', 'by a client', 200],
  ['/a', 'by way of a proxy', 200],
  ['/%2%65%2%65/a', 'by a client', 200],
  ['/%2%65%2%65/a', 'by way of a proxy', 400], // what the proxy made of it hides an escape in another
  ['/a%00', 'by way of a proxy', 400],
]
for (const [target, asked, status] of cases) {
  test(`a line of the decision log is decided as its request was: ${target} ${asked}`, async () => {
    const question = askedHttp(asked === 'by a client' ? { target } : { target, viaProxy: true })
    const decision = await decide(question)
    assert.equal(decision.status, status)
    const line = JSON.parse(toDecisionLine(decidedEvent(decision, { question }), '', compileSecretHeaders([])))
    assert.deepEqual(await decide(toWrittenQuestion(line.request, 'requests[0]')), decision)
  })
}
