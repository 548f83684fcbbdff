import { execFileSync, spawnSync } from 'node:child_process'

/** Why a test is skipped on a machine without openssl; false where there is one. */
export const opensslMissing = isThere('openssl', 'version') ? false : 'there is no openssl on this machine'
/** The same for curl. */
export const curlMissing = isThere('curl', '--version') ? false : 'there is no curl on this machine'

/** Runs openssl and gives what it printed; throws with its complaint when it fails. */
export function openssl(args: readonly string[], input = ''): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: 'pipe' })
}

function isThere(command: string, argument: string): boolean {
  return spawnSync(command, [argument]).status === 0
}
