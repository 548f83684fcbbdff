import { parentPort, workerData } from 'node:worker_threads'
import type { FromFleet, ToFleet, WorkerOptions } from './fleet.ts'
import { FleetClient } from './fleet-client.ts'
import { FleetTally } from './fleet-tally.ts'

// A part of the fleet: says on which ports its clients listen, then runs them until it is told to stop.
const { clients, target } = workerData as WorkerOptions
const port = parentPort
if (port === null) throw new TypeError('this runs as a worker')
const say = (message: FromFleet) => port.postMessage(message)
const tally = new FleetTally((sample) => say({ kind: 'sample', sample }))
const fleet = clients.map((options) => new FleetClient(options, target, tally))
const ports = await Promise.all(fleet.map((client) => client.start()))
say({ kind: 'listening', ports })

port.on('message', async (message: ToFleet) => {
  if (message.kind === 'stop') {
    for (const client of fleet) client.stop()
    return
  }
  await Promise.all(fleet.map((client) => client.run(message.ports)))
  say({ kind: 'ended', counts: tally.counts() })
})
