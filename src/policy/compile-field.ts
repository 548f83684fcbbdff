import type { Attributes } from './attributes.ts'
import { type Attribute, BadValue, type Effect, type FieldContext, type FieldTest } from './field-test.ts'
import { compileBlocks, compileMetadata, compilePorts, compileSni } from './fields/connection.ts'
import { compileHeader, compileHosts, compileMethods, compilePaths, readsParts } from './fields/http.ts'
import { compileNamespaces, compilePrincipals, compileServiceAccounts, compileTrustDomains } from './fields/peer.ts'
import { compileClaim, compileRequestPrincipals } from './fields/token.ts'
import type { CompiledValues } from './fields/values.ts'

/** A field as it stands in a rule. */
export interface WrittenField {
  readonly path: string
  readonly attribute: Attribute
  readonly values: readonly string[]
  readonly negative: boolean
}

/** Compiles one field. Throws `BadValue` for a value that means nothing. */
export function compileField(field: WrittenField, context: FieldContext): FieldTest {
  const values = compileValues(field, context)
  const { negative } = field
  // a refusing rule holds where nobody knows, so no key finds it
  const isFindable = !negative && (values.isUnknown === undefined || context.effect === 'grant')
  return {
    ...field,
    keys: isFindable ? values.keys : null,
    holds: toHolds(values, negative ? 'none' : 'some', context),
  }
}

/** What is not known matches a refusing rule and no granting one, negated or not: both fail closed. */
function toHolds(
  { matches, isUnknown }: CompiledValues,
  wanted: 'some' | 'none',
  { effect }: FieldContext,
): (attributes: Attributes) => boolean {
  const holds = wanted === 'some' ? matches : (attributes: Attributes) => !matches(attributes)
  if (isUnknown === undefined) return holds
  return (attributes) => (isUnknown(attributes) ? effect === 'refuse' : holds(attributes))
}

/** As `compileField`, but drops values that mean nothing; null when none is left, so the field constrains nothing. */
export function compileUsable(field: WrittenField, context: FieldContext): FieldTest | null {
  const values = field.values.filter((value) => isUsable({ ...field, values: [value] }, context))
  return values.length === 0 ? null : compileField({ ...field, values }, context)
}

function isUsable(field: WrittenField, context: FieldContext): boolean {
  try {
    compileValues(field, context)
    return true
  } catch (error) {
    if (error instanceof BadValue) return false
    throw error
  }
}

function compileValues({ attribute, values, negative }: WrittenField, context: FieldContext): CompiledValues {
  switch (attribute.of) {
    case 'principal':
      return compilePrincipals(values, context)
    case 'namespace':
      return compileNamespaces(values)
    case 'serviceAccount':
      return compileServiceAccounts(values, context)
    case 'trustDomain':
      return compileTrustDomains(values, context)
    case 'requestPrincipal':
      return compileRequestPrincipals(values)
    case 'claim':
      return compileClaim(attribute.path, values)
    case 'host':
      return compileHosts(values)
    case 'method':
      return compileMethods(values)
    case 'path':
      return compilePaths(values)
    case 'header':
      return compileHeader(attribute.name, values, readsParts(context.effect, negative))
    case 'sourceIp':
      return compileBlocks(values, (attributes) => attributes.source)
    case 'remoteIp':
      return compileBlocks(values, (attributes) => attributes.remote)
    case 'destinationIp':
      return compileBlocks(values, (attributes) => attributes.destination)
    case 'port':
      return compilePorts(values)
    case 'sni':
      return compileSni(values)
    case 'metadata':
      return compileMetadata()
  }
}

/** Whether only an HTTP request has the attribute. */
export function isHttpOnly({ of }: Attribute): boolean {
  return (
    of === 'host' || of === 'method' || of === 'path' || of === 'header' || of === 'claim' || of === 'requestPrincipal'
  )
}

/** What an action does with a request that its rule matches. */
export function toEffect(action: string): Effect {
  return action === 'ALLOW' ? 'grant' : 'refuse'
}
