import http from 'node:http'
import type { Service } from './service.ts'
import { exchange } from './service-api.ts'

/** One request of the resources' API, on the admin socket. */
export interface Ask {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text goes as YAML, anything else as JSON. */
  readonly body?: unknown
}

/** What is read of the answers. */
export interface Answer {
  readonly status: number
  readonly etag: string | undefined
  readonly json: Readonly<{
    code?: string
    version?: number
    items?: readonly Readonly<Record<string, unknown>>[]
    errors?: readonly Readonly<Record<string, unknown>>[]
    next?: string | null
    metadata?: Readonly<Record<string, unknown>>
    spec?: unknown
    resources?: Readonly<Record<string, unknown>>
  }>
}

/** Asks; the path is below `/v1`. */
export async function askResources(service: Service, ask: Ask = {}): Promise<Answer> {
  const { method = 'GET', path = '/resources', body } = ask
  const type = typeof body === 'string' ? 'application/yaml' : 'application/json'
  const headers = { ...(body === undefined ? {} : { 'content-type': type }), ...ask.headers }
  const options = { socketPath: service.address('admin'), method, path: `/v1${path}`, agent: false, headers }
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const { status, headers: got, text: answer } = await exchange(http.request(options), text)
  return { status, etag: got.etag, json: answer === '' ? {} : JSON.parse(answer) }
}

/** `kind/name change` of what an apply answered. */
export function changesOf({ json }: Answer): readonly string[] {
  return (json.items ?? []).map(({ kind, name, change }) => `${kind}/${name} ${change}`)
}

/** The names of all stored resources. */
export async function storedNames(service: Service): Promise<readonly string[]> {
  const { json } = await askResources(service)
  return (json.items ?? []).map(({ metadata }) => {
    const { namespace, name } = metadata as { namespace: string; name: string }
    return `${namespace}/${name}`
  })
}
