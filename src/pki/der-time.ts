import type { UnixSeconds } from '../kernel/clock.ts'
import { tlv } from './der-writer.ts'

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

/** The first second that a UTCTime cannot say (RFC 5280 §4.1.2.5). */
export const YEAR_2050: UnixSeconds = 2524608000

/** Many leaves of one second have the same two times. */
const texts = new Map<UnixSeconds, string>()
const MAX_TEXTS = 64

/** The text of a UTCTime until 2049, of a GeneralizedTime from 2050, in UTC with seconds (RFC 5280 §4.1.2.5). */
export function timeText(seconds: UnixSeconds): string {
  const known = texts.get(seconds)
  if (known !== undefined) return known
  const iso = new Date(seconds * 1000).toISOString() // 2026-11-21T03:00:00.000Z
  const text = `${iso.slice(seconds < YEAR_2050 ? 2 : 0, 19).replace(/[^0-9]/g, '')}Z`
  if (texts.size >= MAX_TEXTS) texts.clear()
  texts.set(seconds, text)
  return text
}

/** DER of a Time (RFC 5280 §4.1). */
export function time(seconds: UnixSeconds): Buffer {
  return tlv(seconds < YEAR_2050 ? UTC_TIME : GENERALIZED_TIME, Buffer.from(timeText(seconds), 'latin1'))
}
