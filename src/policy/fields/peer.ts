import type { Attributes } from '../attributes.ts'
import type { FieldContext } from '../field-test.ts'
import { fitsGlob, type Glob, toGlob } from '../glob.ts'
import { fits, type Pattern, toPattern } from '../pattern.ts'
import { hasServiceAccount, SCHEME, trustDomainOf } from '../spiffe-san.ts'
import { expandPrincipal, expandTrustDomain } from './trust-domain.ts'
import type { CompiledValues } from './values.ts'

/** `principals`, `source.principal`: a pattern over each URI SAN without its scheme; any SAN suffices. */
export function compilePrincipals(values: readonly string[], context: FieldContext): CompiledValues {
  const patterns = values.flatMap((value) => expandPrincipal(value, context)).map(toPattern)
  return {
    keys: patterns.every(({ form }) => form === 'exact')
      ? patterns.map((pattern) => ({ text: SCHEME + textOf(pattern), prefix: false }))
      : null,
    matches: (attributes) => anySan(attributes, (san) => patterns.some((pattern) => fitsPrincipal(pattern, san))),
  }
}

/** `namespaces`, `source.namespace`: a whole segment after `/ns/`; each `*` stands for any characters, `/` included. */
export function compileNamespaces(values: readonly string[]): CompiledValues {
  const globs = values.map((value) => toGlob(`*/ns/${value}/*`))
  return {
    keys: values.every((value) => !/[*/]/.test(value)) ? values.map((text) => ({ text, prefix: false })) : null,
    matches: (attributes) => anySan(attributes, (san) => fitsAnyGlob(globs, san)),
  }
}

/** `serviceAccounts`, `source.serviceAccount`: `ns/sa`, or `sa` in the namespace of the policy; no wildcards. */
export function compileServiceAccounts(values: readonly string[], context: FieldContext): CompiledValues {
  const accounts = values.map((value) => {
    const [first = '', second] = value.split('/')
    return second === undefined ? [context.namespace, first] : [first, second]
  })
  return {
    keys: accounts.map((account) => ({ text: account.join('/'), prefix: false })),
    matches: (attributes) =>
      anySan(attributes, (san) =>
        accounts.some(([namespace = '', account = '']) => hasServiceAccount(san, namespace, account)),
      ),
  }
}

/** `trustDomains`, `source.trustDomain`: one `*` may stand for characters other than `/`. */
export function compileTrustDomains(values: readonly string[], context: FieldContext): CompiledValues {
  const globs = values.flatMap((value) => expandTrustDomain(value, context)).map(toGlob)
  return {
    keys: null,
    matches: (attributes) =>
      anySan(attributes, (san) => san.startsWith(SCHEME) && fitsAnyGlob(globs, trustDomainOf(san))),
  }
}

function fitsPrincipal(pattern: Pattern, san: string): boolean {
  if (pattern.form === 'any') return san !== ''
  if (!san.startsWith(SCHEME)) return false
  return fits(pattern, san.slice(SCHEME.length))
}

function textOf(pattern: Pattern): string {
  return pattern.form === 'any' ? '' : pattern.text
}

function fitsAnyGlob(globs: readonly Glob[], value: string): boolean {
  for (const glob of globs) if (fitsGlob(glob, value)) return true
  return false
}

function anySan(attributes: Attributes, holds: (san: string) => boolean): boolean {
  for (const san of attributes.connection.peerSans) if (holds(san)) return true
  return false
}
