import Type from 'typebox'
import { address } from '../address.ts'
import { headerMap, headerPattern } from '../header-names.ts'
import { key } from '../key.ts'
import { host, path, providerUrl, word } from '../names.ts'
import { count, fineDuration } from '../readers.ts'

const MAX_TIMEOUT_SECONDS = 60

const common = {
  name: key(word, { description: 'What policies call it, `spec.provider.name`.' }),
  timeout: key(fineDuration(MAX_TIMEOUT_SECONDS), {
    default: '600ms',
    description: 'How long to wait for its answer.',
  }),
  statusOnError: key(count(400, 599), {
    default: 403,
    description: 'HTTP status when it gave no answer; such a request never passes, there is no `failOpen`.',
  }),
  tls: Type.Optional(
    Type.Object(
      {
        caFile: Type.Optional(
          key(path, {
            description: 'CA certificates that its server is verified with, PEM; without it the public ones.',
          }),
        ),
        certFile: Type.Optional(
          key(path, { description: 'Client certificate with its chain, PEM; read at the start.' }),
        ),
        keyFile: Type.Optional(key(path, { description: 'Key of the client certificate, PEM.' })),
        serverName: Type.Optional(
          key(host, { description: 'Name in the certificate of its server, where that is not the host.' }),
        ),
      },
      { description: 'TLS to the provider; for `grpc` plaintext without it.' },
    ),
  ),
}

const headerList = (description: string) =>
  Type.Array(key(headerPattern), { default: [], uniqueItems: true, description })

const http = Type.Object({
  url: key(providerUrl, {
    description: 'Where it listens, `http` or `https`; a path here stands before that of each request.',
  }),
  headersToUpstream: headerList(
    'Headers of its grant that are given to the workload: names, `prefix*` or `*suffix` (`headersToUpstreamOnAllow`).',
  ),
  headersToDownstreamOnDeny: headerList(
    'Headers of its refusal that are given to the client; none: all. `WWW-Authenticate` and `Location` always are.',
  ),
  includeRequestHeadersInCheck: headerList(
    'Headers of the request that it sees, beside Host and Authorization, which it always does.',
  ),
  includeAdditionalHeadersInCheck: key(headerMap, {
    default: {},
    description: 'Further headers that it is sent, name and value; they win over those of the request.',
  }),
})

/** Istio's `extensionProviders`, as far as they are external authorizers. */
export const extensionProviders = Type.Array(
  Type.Union(
    [
      Type.Object({
        grpc: key(address, {
          description:
            'Where it answers `envoy.service.auth.v3.Authorization/Check`; plaintext, unless `tls` is there (`{}` will do).',
        }),
        ...common,
      }),
      Type.Object({ http, ...common }),
    ],
    { description: 'One provider.' },
  ),
  { default: [], description: 'External authorizers that CUSTOM policies ask.' },
)
