import { JwksProvider } from '../../decide/jwt/jwks-provider.ts'
import { TokenVerifier } from '../../decide/jwt/token-verifier.ts'
import { openWhatIf } from '../../decide/suppose.ts'
import type { WhatIf } from '../../decide/what-if.ts'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { silentLog } from '../../kernel/log.ts'
import type { Io } from '../io.ts'

/** Decides in this process. Keys of a `jwksUri` are not fetched, so tokens that need them are refused. */
export function openOffline({ now }: Pick<Io, 'now'>): WhatIf {
  const clock: Clock = { ...systemClock, now }
  const keys = new JwksProvider({ clock, log: silentLog, allowPrivateAddress: false })
  return openWhatIf({ tokens: new TokenVerifier(keys), clock })
}
