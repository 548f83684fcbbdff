import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { Authority, AuthorityKind, Rotation } from '../../src/ca/authority.ts'
import { isTrusted } from '../../src/ca/build-bundle.ts'
import { crossChain } from '../../src/ca/cross-chain.ts'
import { LeafSigner } from '../../src/ca/issue/sign-leaf.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { RETENTION, type RotationWorld, type RunningWorld, SKEW, startWorld } from './rotation-world.ts'

const IDENTITY = parseSpiffeId('spiffe://cluster.local/ns/default/sa/web', 'internal')
const SPKI = createPublicKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey).export({
  type: 'spki',
  format: 'der',
})
const SPKI_SHA256 = createHash('sha256').update(SPKI).digest()
const KEY = { spki: SPKI, keyType: 'ec-p256', spkiSha256: SPKI_SHA256, csrSha256: SPKI_SHA256 } as const
const KINDS = ['root', 'intermediate', 'jwt'] as const satisfies readonly AuthorityKind[]

/** Somebody with a certificate and the bundle that came with it, or a later one. */
interface Holder {
  readonly serial: string
  readonly notAfter: number
  readonly root: string
  readonly bundle: ReadonlySet<string>
}

interface Renewal {
  readonly renewed?: Holder
  /** It was signed, and the holder goes on with what it had. */
  readonly isLost?: boolean
}

/** What must hold in every state, whatever was asked, whenever the clock jumped and the process died. */
export class RotationModel {
  readonly world: RotationWorld
  running: RunningWorld
  /** Refusals by code: a test shows that it came that far. */
  readonly refusals = new Map<string, number>()
  #holders: Holder[] = []
  #last: readonly Authority[] = []
  #lastSequence = 0
  readonly #ended = new Map<string, Rotation>()

  private constructor(world: RotationWorld, running: RunningWorld) {
    this.world = world
    this.running = running
  }

  static async start(world: RotationWorld): Promise<RotationModel> {
    const model = new RotationModel(world, await startWorld(world))
    model.#watch()
    return model
  }

  get now(): number {
    return Math.floor(this.world.clock.now() / 1000)
  }

  get holders(): readonly Holder[] {
    return this.#holders
  }

  /** The process dies, and starts again from what is stored. */
  async crash(): Promise<void> {
    this.world.store.failNext = null
    for (const { id, kind } of this.#last.filter(isTrusted)) {
      assert.ok(await this.world.keys.has(id), `the key of a trusted ${kind} is gone`)
    }
    this.running = await startWorld(this.world)
    this.#watch()
  }

  /** A new holder; with `renewed` one that had a certificate before and proved it, whose answer may be lost. */
  async issue(ttlSeconds: number, { renewed, isLost = false }: Renewal = {}): Promise<void> {
    const { authorities, reports } = this.running
    const { clock, uptake } = this.world
    const random = (size: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(size)))
    const signer = new LeafSigner({ authorities, record: uptake, clock, random, backdate: 120, verifySample: 0 })
    const draft = signer.draft({ uri: IDENTITY.uri }, KEY, ttlSeconds)
    const { authority } = draft.issuing
    assert.ok(draft.notAfter <= authority.notAfter, 'a leaf outlives its issuer')
    this.#checkVerifiable(authority.issuer)
    const caller = { identity: IDENTITY, attestor: 'jwt', subject: 'web' } as const
    const { serial, notAfter, issuer } = await signer.sign(draft, { caller, peer: 'local' })
    if (renewed !== undefined) {
      reports.shown(renewed.serial)
      reports.renewed({ serial: renewed.serial, sequence: issuer.bundleSequence, notAfter: renewed.notAfter }, serial)
      await reports.flush()
    }
    if (isLost) return
    this.#holders = this.#holders.filter((one) => one !== renewed)
    this.#holders.push({ serial, notAfter, root: authority.issuer, bundle: this.#bundle() })
  }

  /** A holder fetches the bundle and says so. */
  async poll(holder: Holder): Promise<void> {
    const { authorities, reports } = this.running
    reports.add({ serial: holder.serial, sequence: authorities.current().sequence, notAfter: holder.notAfter })
    await reports.flush()
    this.#holders = this.#holders.map((one) => (one === holder ? { ...one, bundle: this.#bundle() } : one))
  }

  /** After something was forced or revoked nobody who was there before is promised anything. */
  exempt(): void {
    this.#holders = []
  }

  /** Runs a command that may be refused, or may fail with the store, and for no other reason. */
  async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const code = error instanceof AppError ? error.code : String(error)
      const expected =
        /^(authority\.(invalid_transition|not_ready)|issue\.no_active_authority|resource\.not_found|Error: the (answer of the )?store )/
      if (!expected.test(code)) throw error
      this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
    }
  }

  /** Between two commands. */
  check(): void {
    this.#holders = this.#holders.filter(({ notAfter }) => notAfter + SKEW > this.now)
    const roots = this.#bundle()
    if (this.#isForced()) this.exempt()
    for (const holder of this.#holders) {
      assert.ok(roots.has(holder.root), 'a root left the bundle while certificates below it live')
    }
  }

  #watch(): void {
    this.#checkState()
    this.running.authorities.onChange(() => this.#checkState())
  }

  /** At every state that comes into force. */
  #checkState(): void {
    const { authorities, rotations, bundleSequence } = this.running.authorities.view()
    for (const kind of KINDS) {
      const active = authorities.filter((one) => one.kind === kind && one.state === 'active')
      assert.ok(active.length <= 1, `${active.length} active: ${kind}`)
      if (kind !== 'jwt') assert.equal(active.length, 1, `no active ${kind}`)
      assert.ok(rotations.filter((one) => one.kind === kind && one.endedAt === null).length <= 1)
    }
    this.#checkSequence(authorities, bundleSequence)
    if (this.#last.length > 0) for (const one of authorities) this.#checkStep(one, authorities)
    this.#checkForgotten(authorities)
    this.#checkEnded(rotations, authorities)
    for (const one of rotations) if (one.endedAt === null) checkRunning(one, authorities)
    this.#last = authorities
    this.#lastSequence = bundleSequence
  }

  #checkSequence(authorities: readonly Authority[], sequence: number): void {
    assert.ok(sequence >= this.#lastSequence, 'the sequence went back')
    if (published(authorities) !== published(this.#last)) assert.ok(sequence > this.#lastSequence, 'the bundle changed')
  }

  #checkStep(one: Authority, authorities: readonly Authority[]): void {
    const before = this.#last.find(({ id }) => id === one.id)
    if (one.state !== 'active') {
      if (before?.state === 'active') assert.ok(!['retired', 'prepared'].includes(one.state), `active → ${one.state}`)
      return
    }
    if (one.kind === 'intermediate') {
      const root = authorities.find(({ id }) => id === one.issuer)
      assert.equal(root?.state, 'active', 'it signs below a root that does not')
      return
    }
    if (before?.state === 'active') return
    assert.ok(before !== undefined && isTrusted(before), 'used before it was published')
    assert.ok(one.publishedSequence > 0 && one.publishedSequence <= this.#lastSequence)
  }

  #checkForgotten(authorities: readonly Authority[]): void {
    const known = new Set(authorities.map(({ id }) => id))
    for (const one of this.#last.filter(({ id }) => !known.has(id))) {
      assert.ok(!isTrusted(one), `a ${one.state} ${one.kind} was forgotten`)
      assert.ok(this.now > one.notAfter + RETENTION, `a ${one.kind} was forgotten too early`)
    }
  }

  #checkEnded(rotations: readonly Rotation[], authorities: readonly Authority[]): void {
    for (const [id, ended] of this.#ended) {
      const now = rotations.find((one) => one.id === id)
      const isForgotten = now === undefined && authorities.every((one) => one.id !== ended.to)
      if (!isForgotten) assert.deepEqual(now, ended, 'an ended rotation changed')
    }
    for (const one of rotations) if (one.endedAt !== null) this.#ended.set(one.id, one)
  }

  /** Everybody with an unexpired certificate can verify what is signed now, by its root or by the way to an older one. */
  #checkVerifiable(id: string): void {
    const authorities = this.running.authorities.list()
    const root = authorities.find((one) => one.id === id) ?? assert.fail('it signs below no root')
    const anchors = [id, ...crossChain(authorities, root).map(({ by }) => by.id)]
    if (this.#isForced()) this.exempt()
    for (const { bundle, notAfter } of this.#holders) {
      if (notAfter + SKEW > this.now)
        assert.ok(
          anchors.some((anchor) => bundle.has(anchor)),
          'a holder cannot verify what is signed now',
        )
    }
  }

  #isForced(): boolean {
    return this.running.authorities.view().rotations.some(({ forced, endedAt }) => forced && endedAt === null)
  }

  #bundle(): ReadonlySet<string> {
    const trusted = this.running.authorities.list().filter((one) => one.kind === 'root' && isTrusted(one))
    return new Set(trusted.map(({ id }) => id))
  }
}

/** A rotation that runs can end: its new authority waits to sign, or its old one to leave. */
function checkRunning({ from, to, activatedAt }: Rotation, authorities: readonly Authority[]): void {
  const stateOf = (wanted: string) => authorities.find(({ id }) => id === wanted)?.state
  if (activatedAt === null) assert.equal(stateOf(to), 'prepared', 'a rotation runs to nowhere')
  else assert.equal(stateOf(from), 'draining', 'a rotation waits for one that has left')
}

function published(authorities: readonly Authority[]): string {
  const ids = authorities.filter((one) => one.kind !== 'intermediate' && isTrusted(one)).map(({ id }) => id)
  return ids.sort().join(' ')
}
