import { problemsOfAdministrators } from './administrators.ts'
import { compileIdentityRule } from './identity-rule.ts'
import { problemsOfImpersonation } from './impersonation.ts'
import type { AttestationOptions, ForeignTrustEntry, JwtRule, OptionProblem } from './options.ts'
import { KeySetError, toKeySet } from './verification-key.ts'

/** Everything that keeps the options from being used, by path in the configuration. */
export function problemsOfAttestation(options: AttestationOptions): readonly OptionProblem[] {
  const { trustDomain, attestation, impersonation, admins } = options
  const issuers = attestation.jwt.map((rule) => rule.issuer)
  return [
    ...attestation.jwt.flatMap((rule, i) => problemsOfRule(rule, `attestation.jwt[${i}]`, trustDomain)),
    ...issuers.flatMap((issuer, i) =>
      issuers.indexOf(issuer) === i ? [] : [{ path: `attestation.jwt[${i}].issuer`, message: 'stands there twice' }],
    ),
    ...problemsOfForeignTrust(attestation.clientCertificate.foreign, [trustDomain]),
    ...problemsOfImpersonation(impersonation, trustDomain),
    ...problemsOfAdministrators(admins, trustDomain),
  ]
}

/** What keeps foreign trust domains from being accepted: `own` are the names of ours, whose identities no other may vouch for. */
export function problemsOfForeignTrust(entries: readonly ForeignTrustEntry[], own: readonly string[]): OptionProblem[] {
  return entries.flatMap(({ trustDomain, identities }, i) => {
    const path = `attestation.clientCertificate.foreign[${i}]`
    const message = `\`${trustDomain}\` is the trust domain of this service itself`
    const others = identities.filter((identity) => !identity.startsWith(`spiffe://${trustDomain}/`))
    return [
      ...(own.includes(trustDomain) ? [{ path: `${path}.trustDomain`, message }] : []),
      ...others.map((identity) => {
        return { path: `${path}.identities`, message: `\`${identity}\` is not below \`spiffe://${trustDomain}/\`` }
      }),
    ]
  })
}

function problemsOfRule(rule: JwtRule, path: string, trustDomain: string): OptionProblem[] {
  const { jwks, identity, audiences } = rule
  const problems: OptionProblem[] = []
  const compiled = compileIdentityRule(identity, trustDomain)
  if (typeof compiled === 'string') problems.push({ path: `${path}.identity`, message: compiled })
  if (audiences.length === 0) problems.push({ path: `${path}.audiences`, message: 'must name at least one audience' })
  const problem = 'inline' in jwks ? problemOfInline(jwks.inline) : 'uri' in jwks ? problemOfUri(jwks.uri, rule) : null
  if (problem !== null) problems.push({ path: `${path}.jwks`, message: problem })
  if ('discovery' in jwks) {
    const message = problemOfUri(rule.issuer, rule)
    if (message !== null) problems.push({ path: `${path}.issuer`, message })
  }
  return problems
}

function problemOfInline(document: unknown): string | null {
  try {
    const { keys, skipped } = toKeySet(document)
    return keys.length > 0 ? null : `no usable key: ${skipped.join('; ') || 'the set is empty'}`
  } catch (error) {
    if (error instanceof KeySetError) return error.message
    throw error
  }
}

/** Plain http is for this very host alone, which the fetch itself makes sure of. */
function problemOfUri(uri: string, { allowPrivateAddress }: JwtRule): string | null {
  const protocol = URL.parse(uri)?.protocol
  if (protocol === 'https:' || (protocol === 'http:' && allowPrivateAddress)) return null
  return 'must be an https URL'
}
