import { systemClock } from '../../src/kernel/clock.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { openStore } from '../../src/store/open-store.ts'
import { anIntent } from './store.ts'

// Records intents until it is killed, and prints each serial once its row is said to be durable, or the code of the refusal.
const [file = '', loops = '1'] = process.argv.slice(2)
const retention = { issuedSeconds: null, auditSeconds: null }
const store = await openStore({ file, queue: () => null, retention, clock: systemClock, log: silentLog })

async function loop(): Promise<never> {
  for (;;) {
    const intent = anIntent()
    try {
      await store.recordIntent(intent)
      process.stdout.write(`recorded ${intent.serial.toString('hex')}\n`)
    } catch (error) {
      process.stdout.write(`refused ${error instanceof AppError ? error.code : String(error)} ${store.healthy().ok}\n`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

await Promise.all(Array.from({ length: Number(loops) }, loop))
