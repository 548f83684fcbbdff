import { type Static, Type } from 'typebox'
import { InlineWorkload, WrittenMeshSchema } from '../../decide/written-body.ts'
import { toReader } from './read-value.ts'

const STRICT = { additionalProperties: false }

const HeaderValue = Type.Union([Type.String(), Type.Array(Type.String())])

const Case = Type.Object(
  {
    name: Type.String(),
    workload: Type.Union([Type.String(), InlineWorkload], {
      description: '`ns/name` of a WorkloadEntry among the policies, a file, or `{ namespace, labels, ip?, ports? }`',
    }),
    source: Type.String({ description: '`spiffe://…`, `td/ns/NS/sa/SA`, `NS/SA` of the trust domain, or `none`' }),
    sourceIp: Type.Optional(Type.String()),
    sni: Type.Optional(Type.String()),
    request: Type.Optional(Type.String({ description: '`GET http://shop/api/items`' })),
    headers: Type.Optional(Type.Record(Type.String(), HeaderValue)),
    token: Type.Optional(Type.String({ description: 'File of a JWT, sent as bearer token' })),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    tcp: Type.Optional(Type.Boolean({ description: 'A connection of bytes: then there is no `request`' })),
    expect: Type.Union([Type.Enum(['allow', 'deny']), Type.Integer({ minimum: 100, maximum: 599 })]),
    policy: Type.Optional(Type.String({ description: 'The policy whose rule decides: `ns/name` or `name`' })),
  },
  STRICT,
)

const ShortForm = Type.Object(
  {
    mesh: Type.Optional(WrittenMeshSchema),
    policies: Type.Array(Type.Union([Type.String(), Type.Object({})]), {
      description: 'Files and directories, from the directory of this file, or policies as they are',
    }),
    cases: Type.Array(Case, { minItems: 1 }),
  },
  STRICT,
)

/** Cases as people write them, with the policies that they are about. */
export type ShortForm = Static<typeof ShortForm>
export type ShortCase = Static<typeof Case>

/** Reads the short form; throws `request.malformed` with the field that is wrong. */
export const readShortForm = toReader(ShortForm)
