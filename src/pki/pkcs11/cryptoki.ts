import { resolve } from 'node:path'
import type { PKCS11 } from 'pkcs11js'
import { StartupError } from '../../kernel/startup-error.ts'
import { CKF_OS_LOCKING_OK } from './constants.ts'
import { returnValueOf } from './token-error.ts'

/** The functions of a PKCS #11 module that are used here, as the addon `pkcs11js` gives them. */
export type Cryptoki = Pick<
  PKCS11,
  | 'C_CloseSession'
  | 'C_DestroyObject'
  | 'C_Finalize'
  | 'C_FindObjects'
  | 'C_FindObjectsFinal'
  | 'C_FindObjectsInit'
  | 'C_GenerateKeyPairAsync'
  | 'C_GetAttributeValue'
  | 'C_GetMechanismList'
  | 'C_GetSessionInfo'
  | 'C_GetSlotList'
  | 'C_GetTokenInfo'
  | 'C_Initialize'
  | 'C_Login'
  | 'C_OpenSession'
  | 'C_SetAttributeValue'
  | 'C_SignAsync'
  | 'C_SignInit'
>

/** Several threads call the module (v2.40 §5.4). */
const INITIALIZATION = { flags: CKF_OS_LOCKING_OK }

/**
 * Loads a PKCS #11 module and lets it begin; `pkcs11.addon_missing` without the addon, `pkcs11.module_unusable` where the
 * module is none.
 */
export async function loadCryptoki(module: string): Promise<Cryptoki> {
  const addon = await loadAddon()
  try {
    const cryptoki = new addon.PKCS11()
    cryptoki.load(resolve(module)) // a bare name would be looked for along the linker's path
    cryptoki.C_Initialize(INITIALIZATION)
    return cryptoki
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StartupError(
      'pkcs11.module_unusable',
      `authority.keys.module: \`${module}\` cannot be used: ${why}`,
      cause,
    )
  }
}

/** Lets the module begin anew, as some do not find their way back to a token that was away; no thread may be in it. */
export function restartModule(cryptoki: Cryptoki): void {
  endModule(cryptoki)
  try {
    cryptoki.C_Initialize(INITIALIZATION)
  } catch (error) {
    if (returnValueOf(error) !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED') throw error // it did not end: the token may be there all the same
  }
}

/** Total: a module may have ended by itself. No thread may be in it. */
export function endModule(cryptoki: Cryptoki): void {
  try {
    cryptoki.C_Finalize()
  } catch (error) {
    if (returnValueOf(error) === null) throw error
  }
}

async function loadAddon() {
  try {
    return (await import('pkcs11js')).default
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND'
    const how = isThere
      ? 'build it with `npm run build --prefix node_modules/pkcs11js`, which needs Python, make and a C++ compiler'
      : 'install it with `npm install pkcs11js`, which needs Python, make and a C++ compiler'
    throw new StartupError('pkcs11.addon_missing', `keys in a PKCS #11 token need the addon pkcs11js: ${how}`, cause)
  }
}
