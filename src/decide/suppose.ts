import type { Clock } from '../kernel/clock.ts'
import { compileWorkload } from '../policy/compile-workload.ts'
import { openRuleCompiler } from '../policy/rule-compiler.ts'
import { examine } from './examine.ts'
import { compileJwtRules } from './jwt/compile-jwt-rules.ts'
import type { TokenVerifier } from './jwt/token-verifier.ts'
import { toAides } from './to-aides.ts'
import type { WhatIf } from './what-if.ts'

interface WhatIfDeps {
  readonly tokens: TokenVerifier
  readonly clock: Clock
}

/** Decides by resources that are given with the questions. */
export function openWhatIf(deps: WhatIfDeps): WhatIf {
  return ({ mesh, workload, policies, ask }) => {
    const compiled = compileWorkload(workload, policies, { mesh, compile: openRuleCompiler(mesh) })
    const aides = toAides(compileJwtRules(compiled.requestAuthentications), { ...deps, ask })
    return (question, options) => examine({ compiled, question, aides }, options)
  }
}
