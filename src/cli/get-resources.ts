import type { Kind } from '../mesh/resource.ts'
import { type PageOptions, toPageQuery } from './arguments.ts'
import { toText } from './cells.ts'
import { itemsOf, type JsonObject, objectOf } from './json.ts'
import type { Column } from './layout.ts'
import type { Session } from './session.ts'
import type { Style } from './style.ts'

export interface GetOptions extends PageOptions {
  readonly namespace?: string
}

interface Wanted {
  readonly kind: Kind | undefined
  readonly name: string | undefined
}

/** Shows one resource by its name, or all that are wanted; a page of them where a page is asked for. */
export async function getResources(session: Session, { kind, name }: Wanted, options: GetOptions): Promise<void> {
  if (kind !== undefined && name !== undefined) {
    const { namespace = 'default' } = options
    const path = resourcePath({ kind, namespace, name })
    const resource = await session.client().json({ method: 'GET', path })
    await show(session, resource, { items: [resource], next: null })
    return
  }
  const query = { kind, namespace: options.namespace }
  const isPage = options.limit !== undefined || options.after !== undefined
  const list = isPage ? await getPage(session, { ...query, ...toPageQuery(options) }) : await getAll(session, query)
  await show(session, list, list)
}

/** What identifies a resource, in a file or an answer. */
export interface Named {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Where one resource is. */
export function resourcePath(key: {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}): string {
  return `/v1/resources/${[key.kind, key.namespace, key.name].map(encodeURIComponent).join('/')}`
}

type Query = Readonly<Record<string, string | undefined>>

function getPage(session: Session, query: Query): Promise<JsonObject> {
  return session.client().json({ method: 'GET', path: '/v1/resources', query })
}

async function getAll(session: Session, query: Query): Promise<JsonObject> {
  const items: JsonObject[] = []
  let after: string | undefined
  do {
    const page: JsonObject = await getPage(session, { ...query, limit: '1000', after })
    items.push(...itemsOf(page))
    after = typeof page.next === 'string' ? page.next : undefined
  } while (after !== undefined)
  return { items, next: null }
}

/** `value` as JSON; the items of `list` as YAML or as a table. */
async function show(session: Session, value: JsonObject, list: JsonObject): Promise<void> {
  if (session.options.output === 'json') return session.show(value, () => '')
  if (session.options.output === 'table') return session.showList(list, columnsOf(session.style))
  const { toYaml } = await import('../mesh/to-yaml.ts')
  session.io.stdout.write(itemsOf(list).map(toYaml).join('---\n'))
}

function columnsOf(style: Style): readonly Column<JsonObject>[] {
  const metadata = (name: string) => (item: JsonObject) => toText(objectOf(item, 'metadata')[name])
  const created = metadata('creationTimestamp')
  return [
    { heading: 'NAMESPACE', cell: metadata('namespace') },
    { heading: 'KIND', cell: (item) => toText(item.kind) },
    { heading: 'NAME', cell: metadata('name') },
    { heading: 'CREATED', cell: (item) => style.shortTime(created(item)) },
    { heading: 'WHAT', cell: summaryOf },
  ]
}

/** The one field that people look for. */
function summaryOf({ kind, spec }: JsonObject): string {
  const of = objectOf({ spec: spec ?? null }, 'spec')
  if (kind === 'AuthorizationPolicy') return toText(of.action ?? 'ALLOW')
  if (kind === 'PeerAuthentication') return toText(objectOf(of, 'mtls').mode ?? 'UNSET')
  if (kind === 'WorkloadEntry') return toText(of.address)
  const { jwtRules } = of
  return Array.isArray(jwtRules) ? jwtRules.map((rule) => toText(rule?.issuer ?? rule?.jwksUri)).join(', ') : ''
}
