import type { ChangeNote } from '../authorities.ts'
import type { Authority, Rotation } from '../authority.ts'
import type { Changes } from './changes.ts'
import { type AuthorityCommand, notReady, type PrepareCommand, sameType } from './commands.ts'
import { activationGate, type GatePlan, retirementGate } from './gates.ts'
import { countedMoment, type Moment, type MomentDeps } from './moment.ts'
import { active, prepared, type RotationView, withRevoked } from './slots.ts'
import { createNext, type SuccessorDeps, toCrossed, toSigning } from './successors.ts'
import { toAborted } from './to-aborted.ts'
import { toPrepared } from './to-active.ts'
import { toRetired, toRevoked, toTainted } from './to-gone.ts'
import { both, find, invalid, type Transition, withTransition } from './transition.ts'
import { aimOfAbort, refuseRunning, toForced, toRotation } from './whole-rotation.ts'

export interface RotatorDeps extends SuccessorDeps, MomentDeps {
  readonly changes: Changes
  readonly plan: GatePlan & { readonly crossSign: boolean }
}

/** Moves authorities from state to state by command, through their gates; the same command again changes nothing. */
export class Rotator {
  readonly #deps: RotatorDeps
  readonly #changes: Changes

  constructor(deps: RotatorDeps) {
    this.#deps = deps
    this.#changes = deps.changes
  }

  /** What is known now: what gates and lists look at. */
  moment(): Promise<Moment> {
    return countedMoment(this.#deps, this.#changes.view.authorities)
  }

  /** Publishes the next authority of a kind; the one that is prepared already when there is one of the wanted type. */
  prepare(command: PrepareCommand): Promise<Authority> {
    return this.#changes.inTurn(async () => {
      const { first, authority } = await this.#published(command)
      if (first.authorities.length > 0) await this.#commit(first, command, 'authority.prepare')
      return find(this.#changes.view, authority.id)
    })
  }

  /** Lets the prepared authority sign; `authority.not_ready` while its gate is closed. */
  activate(command: AuthorityCommand): Promise<void> {
    return this.#changes.inTurn(async () => {
      const { view: before } = this.#changes
      const authority = find(before, command.id)
      if (authority.state === 'active') return
      if (authority.state !== 'prepared') throw invalid(`the ${authority.kind} is ${authority.state}, not prepared`)
      const crossed = await toCrossed(this.#deps, authority, command)
      const view = withTransition(before, crossed)
      const next = find(view, command.id)
      await this.#refuseClosed(activationGate, next, { ...command, view })
      const transition = await toSigning(this.#deps, view, next)
      await this.#commit(
        both(before, crossed, () => transition),
        command,
        'authority.activate',
      )
    })
  }

  /** Any other change in its turn, such as what is imported. */
  change(make: (view: RotationView) => Transition, note: ChangeNote): Promise<void> {
    return this.#changes.inTurn(() => this.#changes.commit(make(this.#changes.view), note))
  }

  /** Takes an old authority out of the bundle; `authority.not_ready` while certificates descend from it. */
  retire(command: AuthorityCommand): Promise<void> {
    return this.#changes.inTurn(async () => {
      const { view, now } = this.#changes
      const authority = find(view, command.id)
      if (authority.state === 'retired') return
      const transition = toRetired(view, command.id, now)
      if (authority.state !== 'prepared') await this.#refuseClosed(retirementGate, authority, { ...command, view })
      await this.#commit(transition, command, 'authority.retire')
    })
  }

  /** Marks what a compromised authority has signed for early renewal; a prepared one takes over from an active one. */
  taint(command: AuthorityCommand): Promise<void> {
    return this.#replace(command, 'tainted')
  }

  /** Takes an authority out of the bundle whatever descends from it; a prepared one takes over from an active one. */
  revoke(command: AuthorityCommand): Promise<void> {
    return this.#replace(command, 'revoked')
  }

  /** Gives up a prepared authority, or hands back to the one that drains; `id` may be that of a rotation. */
  abort(command: Omit<AuthorityCommand, 'isForced'>): Promise<void> {
    return this.#changes.inTurn(async () => {
      const { view, now } = this.#changes
      const id = aimOfAbort(view, command.id)
      if (id !== null) await this.#commit(toAborted(view, id, now), command, 'authority.abort')
    })
  }

  /** Starts a whole rotation, which goes on by itself; `authority.invalid_transition` names the one that runs. */
  rotate(command: PrepareCommand): Promise<Rotation> {
    return this.#changes.inTurn(async () => {
      const { view, now } = this.#changes
      refuseRunning(view, command.kind)
      const { first, authority } = await this.#published(command)
      const from = active(view, command.kind)?.id ?? ''
      const rotation = toRotation(command, { from, to: authority.id, startedAt: now })
      await this.#commit({ ...first, rotations: [rotation] }, command, 'rotation.start')
      return rotation
    })
  }

  /** Lets a rotation go on without waiting; `id` may be that of its new authority. */
  force({ id, ...note }: Omit<AuthorityCommand, 'isForced'>): Promise<void> {
    return this.#changes.inTurn(() => this.#commit(toForced(this.#changes.view, id), note, 'rotation.force'))
  }

  /** The authority of the kind that is or becomes prepared, and what has to change for it. */
  async #published(command: PrepareCommand): Promise<{ readonly authority: Authority; readonly first: Transition }> {
    const { view } = this.#changes
    const known = prepared(view, command.kind)
    if (known === undefined) {
      const authority = await createNext(this.#deps, command)
      return { authority, first: toPrepared(view, [authority]) }
    }
    const authority = sameType(known, command.keyType)
    return { authority, first: await toCrossed(this.#deps, authority, command) }
  }

  #replace(command: AuthorityCommand, state: 'tainted' | 'revoked'): Promise<void> {
    const leave = state === 'tainted' ? toTainted : toRevoked
    return this.#changes.inTurn(async () => {
      const { view, now } = this.#changes
      const authority = find(view, command.id)
      if (authority.state === state) return
      const next = authority.state === 'active' ? prepared(view, authority.kind) : undefined
      const action = state === 'tainted' ? 'authority.taint' : 'authority.revoke'
      if (next === undefined) return this.#commit(leave(view, command.id, now), command, action)
      const after = state === 'revoked' ? withRevoked(view, authority) : view
      await this.#refuseClosed(activationGate, next, { ...command, view: after })
      const first = await toSigning(this.#deps, view, next)
      await this.#commit(
        both(view, first, (signing) => leave(signing, command.id, now)),
        command,
        action,
      )
    })
  }

  async #refuseClosed(
    gateOf: typeof activationGate | typeof retirementGate,
    authority: Authority,
    { isForced, view }: { readonly isForced: boolean; readonly view: RotationView },
  ): Promise<void> {
    if (isForced) return
    const gate = gateOf(view, authority, await this.moment(), this.#deps.plan)
    if (!gate.open) throw notReady(authority, gate)
  }

  #commit(transition: Transition, { actor, reason }: Omit<ChangeNote, 'action'>, action: string): Promise<void> {
    return this.#changes.commit(transition, { actor, action, ...(reason === undefined ? {} : { reason }) })
  }
}
