import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from './database.ts'
import { readMigrations } from './migrations.ts'
import { StoreOpenError } from './open-error.ts'
import type { CallMessage, FromWorker, Method, ToWorker, WorkerSetup } from './protocol.ts'
import { openRecordDatabase, type RecordDatabase } from './record-database.ts'
import { toGroupError, toSentError } from './sent-error.ts'

/** The thread that owns the one connection: whatever the disk does, the main thread goes on. */
function run(port: MessagePort, setup: WorkerSetup): void {
  const send = (message: FromWorker) => port.postMessage(message)
  const record = openOrRefuse(setup, send)
  if (record === null) return
  port.on('message', (message: ToWorker) => {
    send(message.kind === 'group' ? writeGroup(record, message) : answer(record, message))
    if (message.kind === 'call' && message.method === 'close') port.close()
    else checkpoint(record, send)
  })
  send({ kind: 'ready' })
}

function openOrRefuse(setup: WorkerSetup, send: (message: FromWorker) => void): RecordDatabase | null {
  try {
    return openRecordDatabase(openDatabase(setup.file, readMigrations()), setup.retention)
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error
    send({ kind: 'refused', code: error.code, message: error.message })
    return null
  }
}

function writeGroup(record: RecordDatabase, message: Extract<ToWorker, { kind: 'group' }>): FromWorker {
  try {
    return { kind: 'written', ...record.writeGroup(message) }
  } catch (error) {
    return { kind: 'failed', error: toGroupError(error) }
  }
}

function checkpoint(record: RecordDatabase, send: (message: FromWorker) => void): void {
  try {
    record.checkpointWhenLong()
  } catch (error) {
    send({ kind: 'trouble', error: toSentError(error) })
  }
}

function answer<K extends Method>(record: RecordDatabase, { id, method, argument }: CallMessage<K>): FromWorker {
  try {
    return { kind: 'answer', id, value: record.calls[method](argument) }
  } catch (error) {
    return { kind: 'problem', id, error: toSentError(error) }
  }
}

if (parentPort === null) throw new TypeError('the store worker runs as a worker thread')
const setup: WorkerSetup = workerData
run(parentPort, setup)
