import type { Clock, UnixMillis, UnixSeconds } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import { openTurns } from '../../kernel/turns.ts'
import type { KeyType } from '../../pki/key-types.ts'
import type { Authorities, ChangeNote } from '../authorities.ts'
import type { Authority, AuthorityKind, Rotation } from '../authority.ts'
import { type AuthorityCommand, notReady, type PrepareCommand, sameType, toRotation, unchanged } from './commands.ts'
import { type CreateSuccessorDeps, createNextIntermediate, createNextRoot } from './create-successor.ts'
import { crossSignRoot, refuseUncrossable } from './cross-sign-root.ts'
import { activationGate, type Gate, type Moment, retirementGate } from './gates.ts'
import type { LiveCertificates } from './measures.ts'
import type { NewKeys } from './new-keys.ts'
import { nextStep, type RotationPlan, type Step } from './next-step.ts'
import { RootKeyCheck } from './root-key.ts'
import { active, beginningRoot, below, prepared, type RotationView, rootOf, running, withRevoked } from './slots.ts'
import {
  both,
  find,
  invalid,
  type Transition,
  toAborted,
  toActive,
  toPrepared,
  toRetired,
  toRevoked,
  toTainted,
  withTransition,
} from './transitions.ts'
import type { UptakeRecord } from './uptake.ts'

export interface RotatorDeps extends CreateSuccessorDeps {
  readonly authorities: Authorities
  readonly keys: NewKeys
  readonly uptake: UptakeRecord
  readonly clock: Clock
  readonly log: Log
  readonly plan: RotationPlan
  /** Certificates that are not counted by the record: the service's own, and what a restored record may not know of. */
  readonly uncounted: (now: UnixSeconds) => readonly LiveCertificates[]
  /** Creates a JWT signing key that is published and does not sign yet. */
  readonly createJwt: (wanted: {
    readonly now: UnixMillis
    readonly keyType?: KeyType | undefined
  }) => Promise<Authority>
}

const KINDS = ['root', 'intermediate', 'jwt'] as const satisfies readonly AuthorityKind[]
const TICK_MS = 1_000
const MAX_RETRY_MS = 300_000
/** A bound for one look at a kind; more is done a second later. */
const MAX_STEPS = 8
/** Between two counts the record is left alone this many times as long as the last one took. */
const COUNT_PAUSE = 10
const WAIT: Step = { do: 'wait', next: null }

interface Backoff {
  readonly failures: number
  /** Milliseconds of the monotonic clock. */
  readonly until: number
}

/** Moves authorities from state to state: by command, and by itself as their lives go on. One change at a time. */
export class Rotator {
  readonly #deps: RotatorDeps
  readonly #takeTurn = openTurns()
  readonly #problems = new Map<AuthorityKind, string>()
  #timer: NodeJS.Timeout | undefined
  readonly #backoff = new Map<AuthorityKind, Backoff>()
  readonly #rootKey: RootKeyCheck
  readonly #countAfter = new Map<AuthorityKind, number>()
  #isClosed = false

  constructor(deps: RotatorDeps) {
    this.#deps = deps
    this.#rootKey = new RootKeyCheck(deps)
  }

  /** Looks at once, then every second, until `close`. */
  async start(): Promise<void> {
    await this.tick()
    await this.#rootKey.run()
    this.#schedule()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** In words, why a next authority cannot be made or used, by kind. */
  get problems(): readonly string[] {
    const { problem } = this.#rootKey
    return [...this.#problems.values(), ...(problem === null ? [] : [problem])]
  }

  /** What is known now: what gates and lists look at. */
  async moment(): Promise<Moment> {
    const now = Math.floor(this.#deps.clock.now() / 1000)
    const counted = await this.#deps.uptake.countLive(now - this.#deps.plan.skewSeconds)
    const tokens = new Set(this.#view.authorities.filter(({ kind }) => kind === 'jwt').map(({ id }) => id))
    const live = [...counted.filter(({ signer }) => !tokens.has(signer)), ...this.#deps.uncounted(now)] // JWTs are no certificates
    return { now, live }
  }

  /** Publishes the next authority of a kind; the one that is prepared already when there is one of the wanted type. */
  prepare(command: PrepareCommand): Promise<Authority> {
    return this.#inTurn(async () => {
      const known = prepared(this.#view, command.kind)
      if (known !== undefined) {
        const crossed = await this.#crossed(sameType(known, command.keyType), command)
        if (crossed.authorities.length > 0) await this.#commit(crossed, { ...command, action: 'authority.prepare' })
        return find(this.#view, known.id)
      }
      const created = await this.#create(command)
      await this.#commit(toPrepared(this.#view, [created]), { ...command, action: 'authority.prepare' })
      return find(this.#view, created.id)
    })
  }

  /** Lets the prepared authority sign; `authority.not_ready` while its gate is closed. */
  activate(command: AuthorityCommand): Promise<void> {
    return this.#inTurn(async () => {
      const authority = find(this.#view, command.id)
      if (authority.state === 'active') return
      if (authority.state !== 'prepared') throw invalid(`the ${authority.kind} is ${authority.state}, not prepared`)
      const crossed = await this.#crossed(authority, command)
      const view = withTransition(this.#view, crossed)
      const next = find(view, command.id)
      await this.#refuseClosed(activationGate, next, { ...command, view })
      const transition = await this.#toActive(next, view)
      await this.#commit(
        both(this.#view, crossed, () => transition),
        { ...command, action: 'authority.activate' },
      )
    })
  }

  /** Any other change in its turn, such as what is imported. */
  change(make: (view: RotationView) => Transition, note: ChangeNote): Promise<void> {
    return this.#inTurn(() => this.#commit(make(this.#view), note))
  }

  /** Takes an old authority out of the bundle; `authority.not_ready` while certificates descend from it. */
  retire(command: AuthorityCommand): Promise<void> {
    return this.#inTurn(async () => {
      const authority = find(this.#view, command.id)
      if (authority.state === 'retired') return
      const transition = toRetired(this.#view, command.id, this.#now)
      if (authority.state !== 'prepared') await this.#refuseClosed(retirementGate, authority, command)
      await this.#commit(transition, { ...command, action: 'authority.retire' })
    })
  }

  /** Marks what a compromised authority has signed for early renewal; a prepared one takes over from an active one. */
  taint(command: AuthorityCommand): Promise<void> {
    return this.#replace(command, { state: 'tainted', action: 'authority.taint', leave: toTainted })
  }

  /** Takes an authority out of the bundle whatever descends from it; a prepared one takes over from an active one. */
  revoke(command: AuthorityCommand): Promise<void> {
    return this.#replace(command, { state: 'revoked', action: 'authority.revoke', leave: toRevoked })
  }

  /** Gives up a prepared authority, or hands back to the one that drains; `id` may be that of a rotation. */
  abort(command: Omit<AuthorityCommand, 'isForced'>): Promise<void> {
    return this.#inTurn(async () => {
      const rotation = this.#view.rotations.find(({ id }) => id === command.id)
      if (rotation?.state === 'aborted') return
      if (rotation?.state === 'done') throw invalid('the rotation is done: its old authority has left the bundle')
      const id = rotation?.to ?? command.id
      if (['retired', 'draining'].includes(find(this.#view, id).state) && rotation === undefined) return
      await this.#commit(toAborted(this.#view, id, this.#now), { ...command, action: 'authority.abort' })
    })
  }

  /** Starts a whole rotation, which goes on by itself; `authority.invalid_transition` names the one that runs. */
  rotate(command: PrepareCommand): Promise<Rotation> {
    return this.#inTurn(async () => {
      const other = running(this.#view, command.kind)
      if (other !== undefined) {
        const message = `rotation \`${other.id}\` of the ${command.kind} runs since ${new Date(other.startedAt).toISOString()}: follow it or abort it`
        throw new AppError('authority.invalid_transition', message, { seen: other.id })
      }
      const from = active(this.#view, command.kind)
      const known = prepared(this.#view, command.kind)
      const created = known === undefined ? await this.#create(command) : sameType(known, command.keyType)
      const first = known === undefined ? toPrepared(this.#view, [created]) : await this.#crossed(created, command)
      const rotation = toRotation(command, { from: from?.id ?? '', to: created.id, startedAt: this.#now })
      await this.#commit({ ...first, rotations: [rotation] }, { ...command, action: 'rotation.start' })
      return rotation
    })
  }

  /** Lets a rotation go on without waiting; `id` may be that of its new authority. */
  force({ id, actor, reason }: Omit<AuthorityCommand, 'isForced'>): Promise<void> {
    return this.#inTurn(async () => {
      const rotation = this.#view.rotations.find((one) => one.id === id || (one.to === id && one.endedAt === null))
      if (rotation === undefined) throw new AppError('resource.not_found', 'there is no such rotation')
      if (rotation.endedAt !== null) throw invalid(`the rotation is ${rotation.state}`)
      const forced = { ...unchanged(this.#view), rotations: [{ ...rotation, forced: true }] }
      await this.#commit(forced, { actor, reason, action: 'rotation.force' })
    })
  }

  /** Does what is due for every kind, each whatever becomes of the others; never rejects. */
  async tick(): Promise<void> {
    await this.#rootKey.runAgain()
    for (const kind of KINDS) {
      if (this.#deps.clock.monotonic() < (this.#backoff.get(kind)?.until ?? 0)) continue
      try {
        await this.#inTurn(() => this.#advance(kind))
        this.#backoff.delete(kind)
      } catch (error) {
        this.#backOff(kind)
        this.#deps.log.error('rotation.failed', { error, kind })
      }
    }
  }

  /** One change at a time, each from what is stored. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#takeTurn(async () => {
      await this.#deps.authorities.settle()
      await this.#deps.keys.discardUnused(this.#view.authorities)
      return work()
    })
  }

  get #view(): RotationView {
    return this.#deps.authorities.view()
  }

  get #now(): UnixMillis {
    return this.#deps.clock.now()
  }

  #schedule(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.tick().then(() => this.#schedule()), TICK_MS)
    this.#timer.unref()
  }

  #backOff(kind: AuthorityKind): void {
    const failures = (this.#backoff.get(kind)?.failures ?? 0) + 1
    const waitMs = Math.min(TICK_MS * 2 ** Math.min(failures, 20), MAX_RETRY_MS)
    this.#backoff.set(kind, { failures, until: this.#deps.clock.monotonic() + waitMs })
  }

  /** Step after step: one that has expired is prepared and put in place at once. */
  async #advance(kind: AuthorityKind): Promise<void> {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const step = await this.#next(kind)
      if (step.do === 'wait') break
      await this.#perform(kind, step)
    }
    this.#problems.delete(kind)
  }

  /** Counts certificates only where they decide, and the longer a count takes the more seldom. */
  async #next(kind: AuthorityKind): Promise<Step> {
    const { clock, plan } = this.#deps
    const hoped = nextStep(this.#view, kind, { now: Math.floor(this.#now / 1000), live: [] }, plan)
    if (hoped.do === 'wait') return hoped
    if (hoped.do === 'prepare') return kind === 'intermediate' && (await this.#rootKey.isElsewhere()) ? WAIT : hoped
    const begun = clock.monotonic()
    if (begun < (this.#countAfter.get(kind) ?? 0)) return WAIT
    const moment = await this.moment()
    const ended = clock.monotonic()
    this.#countAfter.set(kind, ended + (ended - begun) * COUNT_PAUSE)
    return nextStep(this.#view, kind, moment, plan)
  }

  async #perform(kind: AuthorityKind, step: Exclude<Step, { readonly do: 'wait' }>): Promise<void> {
    const note = { actor: 'alcazar', reason: 'due' }
    try {
      if (step.do === 'prepare') {
        await this.#commit(toPrepared(this.#view, [await this.#create({ kind })]), {
          ...note,
          action: 'authority.prepare',
        })
      } else if (step.do === 'activate') {
        const transition = await this.#toActive(find(this.#view, step.id), this.#view)
        await this.#commit(transition, { ...note, action: 'authority.activate' })
      } else {
        await this.#commit(toRetired(this.#view, step.id, this.#now), { ...note, action: 'authority.retire' })
      }
    } catch (error) {
      this.#problems.set(kind, `the next ${kind} cannot be ${step.do}d: the log has the reason`)
      throw error
    }
  }

  async #create({
    kind,
    keyType,
    crossSign,
  }: Pick<PrepareCommand, 'kind' | 'keyType' | 'crossSign'>): Promise<Authority> {
    refuseUncrossable(kind, crossSign)
    const wanted = { now: this.#now, keyType }
    if (kind === 'jwt') return this.#deps.createJwt(wanted)
    if (kind === 'intermediate') return createNextIntermediate(this.#deps, wanted)
    return crossSignRoot(await createNextRoot(this.#deps, wanted), { now: this.#now, crossSign }, this.#deps)
  }

  /** The root that is to begin with a prepared authority, certified by the old one where that is wanted. */
  async #crossed(authority: Authority, { crossSign }: Pick<PrepareCommand, 'crossSign'>): Promise<Transition> {
    const root = beginningRoot(this.#view, authority)
    refuseUncrossable(root === null ? authority.kind : 'root', crossSign)
    const crossed = root === null ? null : await crossSignRoot(root, { now: this.#now, crossSign }, this.#deps)
    return { ...unchanged(this.#view), authorities: crossed === null || crossed === root ? [] : [crossed] }
  }

  /** A root takes over together with an intermediate of its own; one that was imported with it is there already. */
  async #toActive(authority: Authority, view: RotationView): Promise<Transition> {
    if (authority.kind !== 'root') {
      const root = authority.kind === 'intermediate' ? rootOf(view, authority) : undefined
      const isPair = authority.state === 'prepared' && root?.state === 'prepared'
      if (isPair) return toActive(view, { id: root.id, successor: authority, now: this.#now })
      return toActive(view, { id: authority.id, successor: null, now: this.#now })
    }
    const isFit = ({ state, notAfter }: Authority) => state === 'prepared' && notAfter * 1000 > this.#now
    const ready = below(view, authority).find(isFit)
    const successor = ready ?? (await createNextIntermediate(this.#deps, { now: this.#now, root: authority }))
    return toActive(view, { id: authority.id, successor, now: this.#now })
  }

  #replace(
    command: AuthorityCommand,
    to: {
      readonly state: 'tainted' | 'revoked'
      readonly action: string
      readonly leave: (view: RotationView, id: string, now: UnixMillis) => Transition
    },
  ): Promise<void> {
    return this.#inTurn(async () => {
      const authority = find(this.#view, command.id)
      if (authority.state === to.state) return
      const next = authority.state === 'active' ? prepared(this.#view, authority.kind) : undefined
      if (next !== undefined) {
        const view = to.state === 'revoked' ? withRevoked(this.#view, authority) : this.#view
        await this.#refuseClosed(activationGate, next, { ...command, view })
      }
      const leave = (view: RotationView) => to.leave(view, command.id, this.#now)
      const transition =
        next === undefined ? leave(this.#view) : both(this.#view, await this.#toActive(next, this.#view), leave)
      await this.#commit(transition, { ...command, action: to.action })
    })
  }

  async #refuseClosed(
    gateOf: typeof activationGate | typeof retirementGate,
    authority: Authority,
    { isForced, view = this.#view }: { readonly isForced: boolean; readonly view?: RotationView },
  ): Promise<void> {
    if (isForced) return
    const gate: Gate = gateOf(view, authority, await this.moment(), this.#deps.plan)
    if (!gate.open) throw notReady(authority, gate)
  }

  async #commit(transition: Transition, { actor, action, reason = '' }: ChangeNote): Promise<void> {
    await this.#deps.authorities.commit(transition, { actor, action, reason })
    this.#backoff.clear() // what failed before may work now
    const changed = transition.authorities.map(({ id, kind, state }) => ({ id, kind, state }))
    this.#deps.log.info(action, { actor, reason, authorities: changed, bundleSequence: transition.bundleSequence })
  }
}
