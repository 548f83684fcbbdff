import { Type } from 'typebox'

const DryRun = Type.Object(
  {
    'deny.result': Type.Optional(Type.Enum(['allowed', 'denied'])),
    'deny.policy': Type.Optional(Type.String()),
    'allow.result': Type.Optional(Type.Enum(['allowed', 'denied'])),
    'allow.policy': Type.Optional(Type.String()),
  },
  { description: 'What dry-run policies would have done' },
)

const Upstream = Type.Object(
  {
    method: Type.String(),
    path: Type.String(),
    host: Type.String(),
    headers: Type.Record(Type.String(), Type.Array(Type.String())),
  },
  { description: 'What the workload receives; for every allowed HTTP request' },
)

/** Answer of `POST /v1/decisions`. */
export const DecisionsAnswer = Type.Object(
  {
    version: Type.Integer({ description: 'Of the stored resources; 0 in a what-if' }),
    decisions: Type.Array(
      Type.Object({
        decision: Type.Enum(['allow', 'deny', 'reject']),
        status: Type.Optional(Type.Integer({ description: 'HTTP; absent for TCP and where nothing is answered' })),
        cause: Type.String(),
        phase: Type.Enum(['peer', 'request', 'custom', 'authorization']),
        reason: Type.String({ description: 'One line for people' }),
        policy: Type.Optional(Type.String({ description: 'The rule that refused, `ns[N]-policy[P]-rule[I]`' })),
        allowedBy: Type.Optional(Type.String()),
        dryRun: Type.Optional(DryRun),
        audit: Type.Optional(Type.Boolean()),
        upstream: Type.Optional(Upstream),
        trace: Type.Optional(Type.Array(Type.Unknown())),
        nearestMiss: Type.Optional(Type.Unknown()),
      }),
      { description: 'One for each request, in order' },
    ),
  },
  { description: 'The decisions' },
)
