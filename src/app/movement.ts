import type { Restoration } from '../ca/restoration.ts'
import type { Config } from '../config/config.ts'
import type { ClockWatch } from '../kernel/clock-watch.ts'
import { type OpenedImport, openImport } from './authority-import.ts'
import type { Base } from './base.ts'
import { openClockWatch } from './clock-watch.ts'
import { type OpenedCrls, openCrls } from './crl.ts'
import { type OpenedRotation, openRotation } from './rotation.ts'
import type { Serving } from './serving.ts'
import type { Storage } from './storage.ts'
import type { Trust } from './trust.ts'

/** What changes the authorities, and tells of what they have revoked. */
export interface Movement {
  /** Where the record came from, if out of a backup. */
  readonly restoration: Restoration | null
  readonly clockWatch: ClockWatch
  readonly rotation: OpenedRotation
  /** The deny list, and the CRLs that tell of it; `publisher.refresh` after changes that no authority shows. */
  readonly crls: OpenedCrls
  readonly imports: OpenedImport
}

/** Starts the watch of the clock first, as rotation doubts what the clock says while that does. */
export async function openMovement(config: Config, parts: Base & Storage & Trust & Serving): Promise<Movement> {
  const { store, metrics, closers } = parts
  const restoration = await store.loadRestoration()
  const clockWatch = await openClockWatch(config, { ...parts, onJump: metrics.clockJumped })
  closers.add('clock watch', () => clockWatch.close())
  const rotation = await openRotation(config, { ...parts, restoration, clockWatch })
  closers.add('rotation', () => rotation.close())
  const crls = await openCrls(config, parts)
  closers.add('crls', () => crls.close())
  const { publisher } = crls
  const imports = await openImport(config, { ...parts, rotator: rotation.rotator, publisher })
  closers.add('imports', () => imports.close())
  return { restoration, clockWatch, rotation, crls, imports }
}
