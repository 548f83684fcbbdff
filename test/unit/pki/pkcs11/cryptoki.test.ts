import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { test } from 'node:test'
import { loadCryptoki } from '../../../../src/pki/pkcs11/cryptoki.ts'

const cases = [
  ['is not installed', 'ERR_MODULE_NOT_FOUND', /`npm install pkcs11js`/],
  ['is not built', 'MODULE_NOT_FOUND', /`npm run build --prefix node_modules\/pkcs11js`/],
] as const

for (const [what, code, command] of cases)
  test(`an addon that ${what}: pkcs11.addon_missing, with the command`, async () => {
    const hooks = registerHooks({
      resolve(specifier, context, next) {
        if (specifier === 'pkcs11js') throw Object.assign(new Error('it cannot be loaded'), { code })
        return next(specifier, context)
      },
    })
    try {
      await assert.rejects(loadCryptoki('/any/module.so'), { code: 'pkcs11.addon_missing', message: command })
    } finally {
      hooks.deregister()
    }
  })
