import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const INSTALLED = join(ROOT, 'node_modules/.cache/interop/envoy/_bin/envoy')

/** A program that these tests run; `missing` says why they cannot. */
export interface Tool {
  readonly path: string
  readonly missing: string | false
}

/** Envoy 1.40, as scripts/install-interop.sh installs it. */
export const envoy = findTool('Envoy 1.40', existsSync(INSTALLED) ? INSTALLED : 'envoy', ['--version'], '/1.40.')
export const nginx = findTool('nginx', 'nginx', ['-v'], 'nginx/')
/** SoftHSM of any 2.x, which makes tokens. */
export const softhsm = findTool('SoftHSM', 'softhsm2-util', ['--version'], '2.')
/** The addon that talks to tokens, built. */
export const addon = findTool('pkcs11js', process.execPath, ['-p', 'require("pkcs11js").CKR_OK'], '0')

/** With `ALCAZAR_INTEROP=required` what is missing is an error; otherwise it is a reason to skip, for everybody to see. */
function findTool(name: string, path: string, args: readonly string[], wanted: string): Tool {
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' })
  if (`${stdout}${stderr}`.includes(wanted)) return { path, missing: false }
  const missing = `NOT RUN: ${name} is missing, scripts/install-interop.sh installs it`
  if (process.env.ALCAZAR_INTEROP === 'required') throw new Error(missing)
  process.stderr.write(`${missing}\n`)
  return { path, missing }
}
