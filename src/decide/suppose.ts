import type { Clock } from '../kernel/clock.ts'
import { compileWorkload } from '../policy/compile-workload.ts'
import { openRuleCompiler } from '../policy/rule-compiler.ts'
import { examine } from './examine.ts'
import { compileJwtRules } from './jwt/compile-jwt-rules.ts'
import type { TokenVerifier } from './jwt/token-verifier.ts'
import { toAides } from './to-aides.ts'
import type { Explained, WhatIf } from './what-if.ts'

interface WhatIfDeps {
  readonly tokens: TokenVerifier
  readonly clock: Clock
}

/** Decides by resources that are given with the questions, one question after the other. */
export function openWhatIf(deps: WhatIfDeps): WhatIf {
  return async ({ mesh, workload, policies, ask }, questions, options) => {
    const compiled = compileWorkload(workload, policies, { mesh, compile: openRuleCompiler(mesh) })
    const aides = toAides(compileJwtRules(compiled.requestAuthentications), { ...deps, ask })
    const explained: Explained[] = []
    for (const question of questions) explained.push(await examine({ compiled, question, aides }, options))
    return explained
  }
}
