import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askHeaderRules } from '../../../src/decide/header-provider.ts'
import { askedHttp, askedTcp } from '../../support/questions.ts'

const ask = askHeaderRules([{ name: 'ext-a', header: 'X-Ext-Authz', contains: 'deny' }])

const cases = [
  ['without the header', 'ext-a', askedHttp(), true],
  ['with another text', 'ext-a', askedHttp({}, [['x-ext-authz', 'allow']]), true],
  ['with the text', 'ext-a', askedHttp({}, [['x-ext-authz', 'do deny it']]), false],
  [
    'in any of the fields',
    'ext-a',
    askedHttp({}, [
      ['x-ext-authz', 'a'],
      ['X-Ext-Authz', 'deny'],
    ]),
    false,
  ],
  ['on TCP', 'ext-a', askedTcp(), true],
  ['of another provider', 'ext-b', askedHttp(), false],
] as const
for (const [what, provider, question, granted] of cases)
  test(`a header rule ${what}`, async () => {
    const answer = await ask(provider, question)
    assert.equal(answer.granted, granted)
    if (!answer.granted) assert.equal(answer.status, 403)
  })
