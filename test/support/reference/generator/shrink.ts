import { isObject } from '../claims.ts'
import type { Request, Row } from '../row.ts'

/** A row with the one request that matters. */
export interface Case {
  readonly row: Row
  readonly request: Request
}

type Path = readonly (string | number)[]

/** Lists that may become empty; of others the last element stays, so that what is left is still valid. */
const MAY_BE_EMPTY = ['policies', 'headers']
/** What an object may lack. Fields of sources and operations are judged by how many there are. */
const OPTIONAL = [
  ...[
    'from',
    'to',
    'when',
    'selector',
    'targetRefs',
    'annotations',
    'mtls',
    'portLevelMtls',
    'headers',
    'dnsSans',
    'sni',
  ],
  ...[
    'audiences',
    'fromHeaders',
    'fromParams',
    'fromCookies',
    'forwardOriginalToken',
    'spaceDelimitedClaims',
    'prefix',
  ],
  ...['outputClaimToHeaders', 'outputPayloadToHeader'],
]

/** The smallest case, by leaving out one thing after the other, that still fails. */
export async function shrinkCase(start: Case, fails: (smaller: Case) => Promise<boolean>): Promise<Case> {
  for (const path of removable(start, [])) {
    const smaller = without(start, path) as Case
    if (await fails(smaller)) return shrinkCase(smaller, fails)
  }
  return start
}

function removable(value: unknown, path: Path): readonly Path[] {
  if (path.at(-2) === 'headers') return []
  if (Array.isArray(value)) {
    const mayBeEmpty = MAY_BE_EMPTY.includes(String(path.at(-1)))
    const elements = value.length > 1 || mayBeEmpty ? value.map((_, index) => [...path, index]) : []
    return [...elements, ...value.flatMap((element, index) => removable(element, [...path, index]))]
  }
  if (!isObject(value)) return []
  const keys = Object.keys(value)
  const members = keys.filter((key) => isOptional(key, keys, String(path.at(-1))))
  return [...members.map((key) => [...path, key]), ...keys.flatMap((key) => removable(value[key], [...path, key]))]
}

function isOptional(key: string, siblings: readonly string[], parent: string): boolean {
  if (parent === 'source' || parent === 'operation' || parent === 'portLevelMtls') return siblings.length > 1
  if (key === 'values' || key === 'notValues') return siblings.includes('values') && siblings.includes('notValues')
  if (key === 'selector') return !siblings.includes('portLevelMtls')
  return OPTIONAL.includes(key)
}

function without(value: unknown, [head, ...tail]: Path): unknown {
  if (Array.isArray(value)) {
    return tail.length === 0
      ? value.toSpliced(Number(head), 1)
      : value.with(Number(head), without(value[Number(head)], tail))
  }
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) }
  if (tail.length === 0) delete copy[String(head)]
  else copy[String(head)] = without(copy[String(head)], tail)
  return copy
}
