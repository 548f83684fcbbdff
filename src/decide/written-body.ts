import { Type } from 'typebox'
import { PATH_NORMALIZATIONS } from '../mesh/mesh-settings.ts'

const STRICT = { additionalProperties: false }
const MAX_REQUESTS = 1_000
const MAX_POLICIES = 10_000
const MAX_PORT = 65_535
const MAX_SANS = 1_000
const MAX_ALPN = 100

/** What rows of the conformance corpus and lines of the decision log carry beside what is asked. */
const Ignored = Type.Optional(Type.Unknown({ description: 'Allowed, and ignored' }))

const Labels = Type.Record(Type.String(), Type.String())
const Port = Type.Integer({ minimum: 0, maximum: MAX_PORT })
const Ports = Type.Union(
  [
    Type.Record(Type.String(), Port),
    Type.Record(Type.String({ pattern: '^[0-9]{1,5}$' }), Type.Enum(['http', 'tcp'])),
    Type.Literal('as-told'),
    Type.Null(),
  ],
  {
    description:
      'By name, as `http-web: 8080`, or by number, as `8080: http`; null or absent: 8080 and 8081 HTTP, 9000 TCP; `as-told`: each is what the request says',
  },
)

/** A workload that is given whole. */
export const InlineWorkload = Type.Object(
  {
    namespace: Type.String({ minLength: 1 }),
    name: Ignored,
    labels: Type.Optional(Labels),
    ip: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    ports: Type.Optional(Ports),
  },
  STRICT,
)

const Workload = Type.Union([Type.String({ description: '`ns/name` of a WorkloadEntry' }), InlineWorkload], {
  description: '`ns/name` of a WorkloadEntry, or `{ namespace, labels, ip?, ports? }`',
})

const Alpn = Type.Union([Type.Array(Type.String(), { maxItems: MAX_ALPN }), Type.Literal('terminated'), Type.Null()], {
  description: 'Null or absent: what an Istio sidecar offers; `terminated`: the proxy that asks has ended TLS itself',
})

const Peer = Type.Object(
  {
    uriSans: Type.Optional(Type.Array(Type.String(), { maxItems: MAX_SANS })),
    dnsSans: Ignored,
    sni: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    noCert: Type.Optional(Type.Boolean()),
    alpn: Type.Optional(Alpn),
  },
  { ...STRICT, description: 'What TLS said of the client' },
)

/** One request of those that are asked. */
export const WrittenRequestSchema = Type.Object(
  {
    id: Ignored,
    note: Ignored,
    outcome: Ignored,
    truncated: Ignored,
    protocol: Type.Enum(['http', 'tcp']),
    port: Port,
    sourceIp: Type.String(),
    destinationIp: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: "Null or absent: the workload's own address" }),
    ),
    peer: Type.Union([Peer, Type.Null()], { description: 'What TLS said of the client; null is plaintext' }),
    method: Type.Optional(Type.String()),
    path: Type.Optional(Type.String({ description: 'The raw request target' })),
    host: Type.Optional(Type.String({ description: 'Absent: no Host header' })),
    headers: Type.Optional(
      Type.Array(Type.Tuple([Type.String(), Type.String()]), { description: '`[[name, value]]`, in order' }),
    ),
    joined: Type.Optional(Type.Boolean({ description: 'The proxy had joined repeated headers with commas' })),
    viaProxy: Type.Optional(
      Type.Boolean({ description: 'A proxy asked that may have normalised the path and forwards it as it is' }),
    ),
  },
  STRICT,
)

const Provider = Type.Object(
  { name: Type.String(), denyHeader: Type.Object({ name: Type.String(), contains: Type.String() }, STRICT) },
  { ...STRICT, description: 'Refuses a request in which the header contains the text' },
)

/** Settings of the mesh that differ from what is configured. */
export const WrittenMeshSchema = Type.Object(
  {
    rootNamespace: Type.Optional(Type.String()),
    trustDomain: Type.Optional(Type.String({ minLength: 1 })),
    trustDomainAliases: Type.Optional(Type.Array(Type.String())),
    pathNormalization: Type.Optional(Type.Enum(['', ...PATH_NORMALIZATIONS])),
    extensionProviders: Type.Optional(Type.Array(Provider)),
  },
  { ...STRICT, description: 'In a what-if: settings of the mesh that differ from the configuration' },
)

/** What is asked: body of `POST /v1/decisions`; a row of the conformance corpus is one. */
export const WrittenBody = Type.Object(
  {
    workload: Workload,
    requests: Type.Array(WrittenRequestSchema, { minItems: 1, maxItems: MAX_REQUESTS }),
    policies: Type.Optional(
      Type.Array(Type.Unknown(), {
        maxItems: MAX_POLICIES,
        description: "Policies in Istio's form: they decide, and nothing stored is looked at",
      }),
    ),
    mesh: Type.Optional(WrittenMeshSchema),
    explain: Type.Optional(Type.Boolean({ description: 'Adds the trace and the nearest miss' })),
    name: Ignored,
    tags: Ignored,
    tokens: Ignored,
    recordUpstream: Ignored,
  },
  STRICT,
)
