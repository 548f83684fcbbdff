import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKind } from '../../../src/cli/kinds.ts'

const cases: readonly (readonly [text: string, want: string])[] = [
  ['ap', 'AuthorizationPolicy'],
  ['AuthorizationPolicies', 'AuthorizationPolicy'],
  ['authorizationpolicy.security.istio.io', 'AuthorizationPolicy'],
  ['PA', 'PeerAuthentication'],
  ['peerauthentications', 'PeerAuthentication'],
  ['RequestAuthentication', 'RequestAuthentication'],
  ['ra', 'RequestAuthentication'],
  ['we', 'WorkloadEntry'],
  ['workloadentries.networking.istio.io', 'WorkloadEntry'],
]
for (const [text, want] of cases) test(`\`${text}\` is ${want}`, () => assert.equal(parseKind(text), want))

for (const text of ['', 'policy', 'AuthorisationPolicy', 'ap.example.com']) {
  test(`\`${text}\` is no kind`, () => {
    assert.throws(() => parseKind(text), { code: 'commander.invalidArgument' })
  })
}
