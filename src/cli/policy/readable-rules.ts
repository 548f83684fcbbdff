/** A rule as decisions name it; for CUSTOM with the provider before it and, where that is no good, a suffix. */
const RULE =
  /(?:istio-ext-authz-(\S+?)-)?ns\[([^\]]*)\]-policy\[([^\]]*)\]-rule\[(\d+)\](?:-deny-due-to-bad-CUSTOM-action)?/g

/** The text with `shop/readers rule 0` in place of `ns[shop]-policy[readers]-rule[0]`. */
export function toReadableRules(text: string): string {
  return text.replace(RULE, (_, provider: string | undefined, namespace, policy, rule) => {
    return `${namespace}/${policy} rule ${rule}${provider === undefined ? '' : ` (${provider})`}`
  })
}
