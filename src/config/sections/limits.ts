import Type from 'typebox'
import { key, type Reader } from '../key.ts'
import { count, duration, orOff, rate, size } from '../readers.ts'

const MAX_WAIT_SECONDS = 3_600
const MAX_COUNT = 1_000_000

const limit = <T>(reader: Reader<T>, value: string | number, description: string) =>
  key(orOff(reader), { default: value, description })

export const limits = Type.Object(
  {
    body: limit(size, '64KiB', 'Body of an HTTP request.'),
    decisionBody: limit(size, '4MiB', 'Body of `POST /v1/decisions`.'),
    resourcesBody: limit(size, '64MiB', 'Body of `POST /v1/resources`.'),
    checkMessage: limit(
      size,
      '8MiB',
      'Message of a gRPC `Check`, from a proxy with a client certificate or on loopback.',
    ),
    csr: limit(size, '16KiB', 'A certificate signing request, PEM.'),
    token: limit(size, '8KiB', 'A bearer token.'),
    headers: limit(
      size,
      '32KiB',
      'Headers of a request, all together; metadata of a gRPC call, which is 64KiB at most.',
    ),
    asn1Depth: limit(count(8, 1024), 16, 'How deep ASN.1 structures may nest.'),
    connections: limit(count(1, MAX_COUNT), 10_000, 'Open connections of one listener; one more is closed at once.'),
    concurrentStreams: limit(count(1, MAX_COUNT), 256, 'gRPC calls at the same time on one connection.'),
    queue: limit(count(1, MAX_COUNT), 1024, 'Certificates that wait to be recorded.'),
    rate: limit(rate, '5000/s', 'Requests for certificates, all together.'),
    ratePerIdentity: limit(rate, '20/s', 'Requests for certificates of one identity.'),
    headerTimeout: limit(
      duration(1, MAX_WAIT_SECONDS),
      '5s',
      'Until a TLS handshake is done, and until the headers of a request are there.',
    ),
    bodyTimeout: limit(duration(1, MAX_WAIT_SECONDS), '10s', 'Until the body of a request is there.'),
    drain: limit(duration(0, MAX_WAIT_SECONDS), '10s', 'How long a stopping service waits for what runs.'),
  },
  { reloadable: true, description: 'Limits; `"off"` lifts one.' },
)
