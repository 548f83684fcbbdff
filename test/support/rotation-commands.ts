import type { AuthorityKind } from '../../src/ca/authority.ts'
import fc from './fast-check.ts'
import type { RotationModel } from './rotation-model.ts'
import { DAY } from './rotation-world.ts'

/** One thing that happens; `pick` chooses among what there is by then, the newest first. */
export type Command =
  | { readonly do: 'tick' | 'crash' }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'fail'; readonly how: 'before' | 'after' }
  | { readonly do: 'issue'; readonly ttl: number }
  | { readonly do: 'renew'; readonly ttl: number; readonly pick: number; readonly isLost: boolean }
  | { readonly do: 'poll'; readonly pick: number }
  | { readonly do: 'prepare' | 'rotate'; readonly kind: AuthorityKind; readonly crossSign: boolean }
  | { readonly do: 'activate' | 'retire' | 'taint' | 'revoke'; readonly pick: number; readonly isForced: boolean }
  | { readonly do: 'abort' | 'force'; readonly pick: number }

const kind = fc.constantFrom<AuthorityKind>('root', 'intermediate', 'jwt')
const ttl = fc.constantFrom(5, 600, 3600, DAY)
const seconds = fc.constantFrom(1, 61, 600, 3600, DAY / 2, DAY, -1, -600, -DAY)
const pick = fc.nat({ max: 12 })
const what = <T extends Command['do']>(name: T) => fc.constant(name)

/** Any of them, the everyday ones more often. */
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: what('tick') }) },
  { weight: 6, arbitrary: fc.record({ do: what('wait'), seconds }) },
  { weight: 4, arbitrary: fc.record({ do: what('issue'), ttl }) },
  { weight: 4, arbitrary: fc.record({ do: what('renew'), ttl, pick, isLost: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: what('poll'), pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('prepare', 'rotate'), kind, crossSign: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('activate', 'retire'), pick, isForced: fc.constant(false) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('activate', 'retire'), pick, isForced: fc.constant(true) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('taint', 'revoke'), pick, isForced: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('abort', 'abort', 'force'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: what('crash') }) },
  { weight: 2, arbitrary: fc.record({ do: what('fail'), how: fc.constantFrom('before', 'after') }) },
)

const NOTE = { actor: 'somebody', reason: 'a test' }

/** Does it to the service of the model, which may refuse. */
export async function perform(model: RotationModel, command: Command): Promise<void> {
  const { running, world } = model
  switch (command.do) {
    case 'tick':
      return running.loop.tick()
    case 'crash':
      return model.crash()
    case 'wait':
      return world.clock.move(command.seconds * 1000)
    case 'fail':
      world.store.failNext = command.how
      return
    case 'issue':
      return model.attempt(() => model.issue(command.ttl))
    case 'renew':
    case 'poll': {
      const holder = oneOf(model.holders, command.pick)
      if (holder === undefined) return
      if (command.do === 'poll') return model.poll(holder)
      return model.attempt(() => model.issue(command.ttl, { renewed: holder, isLost: command.isLost }))
    }
    case 'prepare':
    case 'rotate':
      return model.attempt(() => {
        const { kind, crossSign } = command
        return running.rotator[command.do]({ kind, crossSign: kind === 'root' && crossSign, ...NOTE })
      })
    case 'abort':
    case 'force': {
      const { rotations, authorities } = running.authorities.view()
      const id = oneOf([...rotations, ...authorities], command.pick)?.id ?? ''
      return model.attempt(() => running.rotator[command.do]({ id, ...NOTE }))
    }
    default:
      return model.attempt(() => move(model, command))
  }
}

/** A command about one authority that there is. */
async function move(model: RotationModel, command: Extract<Command, { readonly isForced: boolean }>): Promise<void> {
  const { rotator, authorities } = model.running
  const { isForced } = command
  const id = oneOf(authorities.list(), command.pick)?.id ?? ''
  await rotator[command.do]({ id, isForced, ...NOTE }).finally(() => {
    if (isForced || command.do === 'revoke') model.exempt()
  })
}

function oneOf<T>(items: readonly T[], pick: number): T | undefined {
  return items.at(-1 - (pick % Math.max(items.length, 1)))
}
