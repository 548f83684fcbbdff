import { readdir } from 'node:fs/promises'
import type { Authority } from '../ca/authority.ts'
import type { Log } from '../kernel/log.ts'

const SHOWN = 20

/**
 * Tells at the start of key files that no authority has: made for a CSR that is still to be answered, left over by a crash
 * before their change was stored, or those of a newer record than this one. Which it is only a person can tell, so they stay.
 */
export async function reportUnknownKeys(folder: string, authorities: readonly Authority[], log: Log): Promise<void> {
  const known = new Set(authorities.map(({ id }) => `${id}.key`))
  const unknown = (await readdir(folder)).filter((name) => name.endsWith('.key') && !known.has(name))
  if (unknown.length === 0) return
  log.warn('authority.unknown_keys', { folder, count: unknown.length, files: unknown.sort().slice(0, SHOWN) })
}
