import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Json } from './jwt-maker.ts'
import type { Service } from './service.ts'
import { administer, eventually } from './service-api.ts'

/** What the tests read of a rotation. */
export interface SeenRotation {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly state: string
  readonly waitingFor: { readonly certificates: number } | null
}

/** What the tests read of an authority. */
export interface SeenAuthority {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly keyType: string
}

export async function listAuthorities(service: Service): Promise<readonly SeenAuthority[]> {
  return (await ask(service, 'GET', '/v1/authorities')).items
}

export function startRotation(service: Service, kind: string, keyType: string): Promise<SeenRotation> {
  return ask(service, 'POST', '/v1/rotations', { kind, keyType, reason: 'a test' })
}

export function readRotation(service: Service, id: string): Promise<SeenRotation> {
  return ask(service, 'GET', `/v1/rotations/${id}`)
}

/** Waits until the rotation is in one of these states. */
export async function untilRotation(service: Service, id: string, states: readonly string[]): Promise<SeenRotation> {
  let seen: SeenRotation | null = null
  await eventually(`a rotation is ${states.join(' or ')}`, async () => {
    seen = await readRotation(service, id)
    return states.includes(seen.state)
  })
  return seen ?? assert.fail()
}

async function ask(service: Service, method: 'GET' | 'POST', path: string, body?: Json) {
  const { status, text } = await administer(service, method, path, body)
  assert.ok(status < 300, `${method} ${path}: ${status} ${text}`)
  return JSON.parse(text)
}

/** Ports that were free a moment ago, for a service that is to come back on the same ones. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
