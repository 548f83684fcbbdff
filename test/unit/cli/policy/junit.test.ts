import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toJunit } from '../../../../src/cli/policy/junit.ts'

test('junit: a suite for each file, what is written is data and never XML', () => {
  const got = { decision: 'deny', status: 403, reason: 'denied by <p> & "q"\u0000\u001b' } as const
  const failure = { case: 'b', request: 'b#1', wanted: { expect: 'allow' }, got, fields: ['decision'] } as const
  const report = toJunit([
    { file: 'a.yaml', name: 'a]]>', decisions: 2, failures: [] },
    { file: 'a.yaml', name: 'b', decisions: 1, failures: [failure] },
    { file: 'b.yaml', name: 'c', decisions: 1, failures: [] },
  ])
  assert.equal(
    report,
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="alcazar policy test">
  <testsuite name="a.yaml" tests="2" failures="1" errors="0">
    <testcase classname="a.yaml" name="a]]&gt;" assertions="2"/>
    <testcase classname="a.yaml" name="b" assertions="1">
      <failure message="b#1: wanted allow, got deny 403">denied by &lt;p&gt; &amp; &quot;q&quot;??</failure>
    </testcase>
  </testsuite>
  <testsuite name="b.yaml" tests="1" failures="0" errors="0">
    <testcase classname="b.yaml" name="c" assertions="1"/>
  </testsuite>
</testsuites>
`,
  )
})
