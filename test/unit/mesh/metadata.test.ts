import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyReport } from '../../../src/mesh/finding.ts'
import { toMetadata } from '../../../src/mesh/metadata.ts'
import { codesAndPaths } from '../../support/mesh-objects.ts'

const refused: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['none', undefined, ['name-missing metadata.name']],
  ['text', 'p', ['type-wrong metadata']],
  ['no name', { namespace: 'foo' }, ['name-missing metadata.name']],
  ['hostile 102: a path', { name: '../../etc/passwd' }, ['name-bad metadata.name']],
  ['hostile 102: a line feed', { name: 'a\nb' }, ['name-bad metadata.name']],
  ['a name in upper case', { name: 'Web' }, ['name-bad metadata.name']],
  ['a name of 254 characters', { name: 'a'.repeat(254) }, ['name-bad metadata.name']],
  ['a number', { name: 1 }, ['name-bad metadata.name']],
  ['hostile 95: a namespace with a dot', { name: 'p', namespace: 'a.b' }, ['namespace-bad metadata.namespace']],
  [
    'hostile 95: a namespace of 64 characters',
    { name: 'p', namespace: 'a'.repeat(64) },
    ['namespace-bad metadata.namespace'],
  ],
  ['an unknown field', { name: 'p', lables: {} }, ['unknown-field metadata.lables']],
  ['a label that is a number', { name: 'p', labels: { a: 1 } }, ['type-wrong metadata.labels[a]']],
  ['a label with a blank', { name: 'p', labels: { a: 'b c' } }, ['label-bad metadata.labels[a]']],
  ['an annotation without name', { name: 'p', annotations: { 'a/': 'b' } }, ['label-bad metadata.annotations[a/]']],
  [
    'annotations without end',
    { name: 'p', annotations: { a: 'x'.repeat(262_144) } },
    ['annotations-too-large metadata.annotations'],
  ],
  [
    'a time that is none',
    { name: 'p', creationTimestamp: '2026-13-01T00:00:00Z' },
    ['timestamp-bad metadata.creationTimestamp'],
  ],
  [
    'a time in another form',
    { name: 'p', creationTimestamp: 'Nov 21 2026' },
    ['timestamp-bad metadata.creationTimestamp'],
  ],
  [
    'hostile 49: __proto__',
    { name: 'p', labels: JSON.parse('{"__proto__":"x"}') },
    ['key-forbidden metadata.labels[__proto__]', 'label-bad metadata.labels[__proto__]'],
  ],
]
for (const [name, value, want] of refused) {
  test(`metadata: ${name} is refused`, () => {
    const report = emptyReport()
    toMetadata(value, report)
    assert.deepEqual(codesAndPaths(report.errors), [...want].sort())
  })
}

test('metadata: the namespace defaults, and what kubectl shows beside is dropped', () => {
  const report = emptyReport()
  const managed = {
    uid: 'u',
    resourceVersion: '1',
    generation: 2,
    managedFields: [{}],
    finalizers: [],
    ownerReferences: [],
  }
  const annotations = { 'istio.io/dry-run': 'true' }
  assert.deepEqual(toMetadata({ name: 'a.b', labels: {}, annotations, creationTimestamp: null, ...managed }, report), {
    name: 'a.b',
    namespace: 'default',
    annotations,
  })
  assert.deepEqual(report.errors, [])
})
