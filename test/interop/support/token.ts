import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Cryptoki } from '../../../src/pki/pkcs11/cryptoki.ts'
import { logIn } from '../../../src/pki/pkcs11/token-session.ts'
import type { Json } from '../../support/jwt-maker.ts'
import { newDirectory, type Service } from '../../support/service.ts'
import { addon, softhsm } from './tools.ts'

const MAIN = join(import.meta.dirname, '../../../bin/alcazar.cjs')
const MODULES = ['softhsm', 'x86_64-linux-gnu/softhsm', 'aarch64-linux-gnu/softhsm'].map(
  (place) => `/usr/lib/${place}/libsofthsm2.so`,
)

/** Why there is no token for a test; false where there is one. */
export const tokenMissing = softhsm.missing || addon.missing

export const MODULE = MODULES.find((path) => existsSync(path)) ?? ''
export const PIN = '2468'

/** A SoftHSM token of its own. */
export interface TestToken {
  readonly directory: string
  /** `authority.keys` that leads to it. */
  readonly keys: Json
  /** What the service has to be started with. */
  readonly env: Readonly<Record<string, string>>
}

const all = newDirectory()

/** Makes a token with this label; several in one folder are seen together. */
export function newToken(label = 'alcazar', directory = mkdtempSync(join(all, 'token-'))): TestToken {
  const config = join(directory, 'softhsm2.conf')
  mkdirSync(join(directory, 'tokens'), { recursive: true })
  writeFileSync(config, `directories.tokendir = ${join(directory, 'tokens')}\nlog.level = ERROR\n`)
  const env = { SOFTHSM2_CONF: config, TOKEN_PIN: PIN }
  const args = ['--init-token', '--free', '--label', label, '--so-pin', '13579', '--pin', PIN]
  execFileSync(softhsm.path, args, { env: { ...process.env, ...env }, stdio: 'pipe' })
  return { directory, env, keys: { provider: 'pkcs11', module: MODULE, tokenLabel: label, pin: { env: 'TOKEN_PIN' } } }
}

/** A session in the token, as another program of the same user has one. */
export function lookInto(cryptoki: Cryptoki) {
  return { cryptoki, ...logIn({ cryptoki, tokenLabel: 'alcazar', readPin: () => PIN }) }
}

/** Runs `alcazar` at the service, and gives what it printed. */
export async function alcazar(service: Service, ...words: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, ALCAZAR_SERVER: service.address('admin') }
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...words], { env, cwd: service.directory })
  return stdout
}
