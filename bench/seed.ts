import { seedRecord } from '../test/support/seed-record.ts'

// node bench/seed.ts FILE ROWS: in a process of its own, so that its memory is nobody else's.

const [file, rows] = process.argv.slice(2)
if (file === undefined || rows === undefined) throw new Error('usage: seed.ts FILE ROWS')
seedRecord(file, { rows: Number(rows), identities: 1000, now: Date.now() })
