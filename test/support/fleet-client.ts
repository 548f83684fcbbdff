import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { newRequest, openGrpc } from './doors.ts'
import type { FleetTally } from './fleet-tally.ts'
import { exchange } from './service-api.ts'

/** How a client proves who it is once it has its first certificate. */
export type Renewal = 'certificate' | 'jwt' | 'grpc'

export interface FleetClientOptions {
  readonly identity: string
  /** Proves the identity at the beginning; ever after for those that renew by it. */
  readonly token: string
  readonly renewal: Renewal
  /** Whether it waits for new bundles beside those that come with its certificates. */
  readonly isPolling: boolean
}

/** Where the service is; the ports stay when it is started again. */
export interface FleetTarget {
  readonly https: number
  readonly grpc: number
  /** PEM of the roots before the first certificate. */
  readonly roots: string
}

interface Held {
  readonly key: string
  readonly cert: string
  /** Milliseconds. */
  readonly notAfter: number
}

interface Bundle {
  readonly roots: string
  /** 0 where it is not known. */
  readonly sequence: number
}

interface Answered {
  readonly chain: readonly string[]
  readonly bundle: Bundle
}

const RETRY_MS = 800
const DIAL_EVERY_MS = 4_000
const HOLD_MS = 1_500
/** Part of what is left of a life after which a client renews: early, so that it outlasts a restart of the service. */
const RENEW_AT = 1 / 3

/** A workload with mTLS to others: it renews its certificate, and takes every bundle that it is given. */
export class FleetClient {
  readonly #options: FleetClientOptions
  readonly #target: FleetTarget
  readonly #tally: FleetTally
  readonly #server: tls.Server
  #held: Held | null = null
  #bundle: Bundle
  #context = tls.createSecureContext()
  readonly #dialing = new Set<Promise<void>>()
  #isStopped = false

  constructor(options: FleetClientOptions, target: FleetTarget, tally: FleetTally) {
    this.#options = options
    this.#target = target
    this.#tally = tally
    this.#bundle = { roots: target.roots, sequence: 0 }
    this.#server = tls.createServer({ requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on('error', () => socket.destroy()) // the other side is free to go, once the handshake is done
      socket.on('data', () => socket.write('!'))
    })
    this.#server.on('tlsClientError', (error) => this.#tally.failed('as server', error))
  }

  /** Gets its first certificate; resolves to the port on which the others reach it. */
  async start(): Promise<number> {
    await this.#renew()
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** Connects to the others and stays fresh, until `stop`; it listens on, as others may just be on their way. */
  async run(ports: readonly number[]): Promise<void> {
    await Promise.all([this.#dialLoop(ports), this.#renewLoop(), this.#options.isPolling ? this.#pollLoop() : null])
    await Promise.all(this.#dialing)
  }

  stop(): void {
    this.#isStopped = true
  }

  async #dialLoop(ports: readonly number[]): Promise<void> {
    await sleep(Math.random() * DIAL_EVERY_MS)
    while (!this.#isStopped) {
      const port = ports[Math.floor(Math.random() * ports.length)] ?? 0
      const dialed = this.#dial(port).then(
        () => this.#tally.connected(),
        (error) => this.#tally.failed('as client', error),
      )
      this.#dialing.add(dialed)
      void dialed.then(() => this.#dialing.delete(dialed))
      await sleep(DIAL_EVERY_MS)
    }
  }

  /** A handshake counts once the other has answered: with TLS 1.3 a client learns late that it was refused. */
  #dial(port: number): Promise<void> {
    if (Date.now() >= (this.#held?.notAfter ?? 0)) return Promise.reject(new Error('the own certificate has expired'))
    const checkServerIdentity = (_host: string, { subjectaltname = '' }: tls.PeerCertificate) =>
      subjectaltname.startsWith('URI:spiffe://cluster.local/ns/')
        ? undefined
        : new Error(`a stranger: ${subjectaltname}`)
    const socket = tls.connect({ host: '127.0.0.1', port, secureContext: this.#context, checkServerIdentity })
    return new Promise((resolve, reject) => {
      socket.once('secureConnect', () => socket.write('?'))
      socket.once('data', () => {
        resolve()
        setTimeout(() => socket.destroy(), HOLD_MS)
      })
      socket.on('error', reject)
      socket.once('close', () => reject(new Error('closed without an answer')))
    })
  }

  async #renewLoop(): Promise<void> {
    while (!this.#isStopped) {
      await sleep(Math.max(0, ((this.#held?.notAfter ?? 0) - Date.now()) * RENEW_AT))
      if (!this.#isStopped) await this.#renew()
    }
  }

  /** Tries until it has a new certificate. */
  async #renew(): Promise<void> {
    const request = newRequest(this.#options.identity)
    for (;;) {
      const answered = await this.#ask(request.csr).catch((error) => this.#tally.unanswered(error))
      if (answered !== null) return this.#take(answered, request.pem)
      if (this.#isStopped) return
      await sleep(RETRY_MS * (0.5 + Math.random()))
    }
  }

  /** Null while the service is away. */
  #ask(csr: string): Promise<Answered | null> {
    return this.#options.renewal === 'grpc' ? this.#askGrpc(csr) : this.#askRest(csr)
  }

  get #proof() {
    const { renewal, token } = this.#options
    const held = this.#held
    if (held === null || renewal === 'jwt' || Date.now() >= held.notAfter) return { token }
    return { certificate: held }
  }

  async #askRest(csr: string): Promise<Answered> {
    const { token, certificate } = this.#proof
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const request = https.request({ ...this.#reach, ...certificate, method: 'POST', path: '/v1/certificates', headers })
    const { status, text, json } = await exchange(request, JSON.stringify({ csr }))
    if (status !== 201) throw new Error(`${status} ${json.code}`)
    const { chain, bundle, bundleSequence } = JSON.parse(text)
    return { chain, bundle: { roots: bundle.join(''), sequence: bundleSequence } }
  }

  async #askGrpc(csr: string): Promise<Answered | null> {
    const { https: httpsPort, grpc } = this.#target
    const reach = {
      roots: () => this.#bundle.roots,
      address: () => `127.0.0.1:${grpc}`,
      port: () => httpsPort,
    }
    const door = openGrpc(reach, this.#proof)
    try {
      const { status, reason, chain, roots } = await door.ask(csr)
      if (status === 14) return null
      if (status !== 0) throw new Error(`gRPC ${status}: ${reason}`)
      return { chain, bundle: { roots, sequence: 0 } }
    } finally {
      door.close()
    }
  }

  async #pollLoop(): Promise<void> {
    while (!this.#isStopped) {
      const bundle = await this.#poll().catch((error) => this.#tally.unanswered(error))
      if (bundle !== null) this.#adopt(bundle)
      else await sleep(RETRY_MS * (0.5 + Math.random()))
    }
  }

  async #poll(): Promise<Bundle | null> {
    const { sequence } = this.#bundle
    const path = `/v1/bundle?wait=5s&after=${sequence}`
    const { status, text } = await exchange(https.get({ ...this.#reach, ...(this.#held ?? {}), path }))
    if (status === 304) return null
    if (status !== 200) throw new Error(`the bundle: ${status}`)
    const { keys, spiffe_sequence } = JSON.parse(text) as {
      keys: { use: string; x5c?: string[] }[]
      spiffe_sequence: number
    }
    const roots = keys.filter(({ use }) => use === 'x509-svid').map(({ x5c = [] }) => toPem(x5c[0] ?? ''))
    return { roots: roots.join(''), sequence: spiffe_sequence }
  }

  get #reach(): https.RequestOptions {
    return { host: '127.0.0.1', port: this.#target.https, agent: false, ca: this.#bundle.roots }
  }

  #take({ chain, bundle }: Answered, key: string): void {
    const cert = chain.join('')
    this.#held = { key, cert, notAfter: Date.parse(new X509Certificate(cert).validTo) }
    this.#adopt(bundle)
    this.#tally.issued(chain, bundle.roots)
  }

  /** An answer that was overtaken by a newer bundle brings a certificate, and no older bundle. */
  #adopt(bundle: Bundle): void {
    if (bundle.sequence >= this.#bundle.sequence) this.#bundle = bundle
    const { key, cert } = this.#held ?? {}
    const options = { key, cert, ca: this.#bundle.roots }
    this.#context = tls.createSecureContext(options)
    this.#server.setSecureContext(options)
  }
}

function toPem(base64: string): string {
  return new X509Certificate(Buffer.from(base64, 'base64')).toString()
}
