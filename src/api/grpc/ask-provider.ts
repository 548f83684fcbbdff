import { type ChannelOptions, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { type Provider, ProviderError } from '../../decide/provider-answer.ts'
import type { GrpcProviderOptions } from '../../decide/provider-options.ts'
import type { ProviderTls } from '../../decide/provider-tls.ts'
import type { Question } from '../../policy/request.ts'
import { toProviderAnswer } from './check-answer.ts'
import { type CheckAnswer, decodeCheckResponse } from './decode-check-response.ts'
import { encodeCheckRequest } from './encode-check-request.ts'
import { AuthorizationService } from './generated/envoy/service/auth/v3/external_auth.ts'

const CHANNEL: ChannelOptions = {
  // A proxy from the environment would see every request and decide in the provider's place.
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  'grpc.max_receive_message_length': 65_536,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 5_000,
}

/** Opens an authorizer that is asked by `envoy.service.auth.v3.Authorization/Check`; plaintext without `tls`. */
export function openGrpcProvider(options: GrpcProviderOptions, tls: ProviderTls | null): Provider {
  const { host, port } = options.grpc
  const target = host.includes(':') ? `ipv6:[${host}]:${port}` : `dns:${host}:${port}`
  const client = new Client(target, toCredentials(tls), { ...CHANNEL, ...namesOf(tls) })
  const call = (question: Question) =>
    new Promise<CheckAnswer>((resolve, reject) => {
      client.makeUnaryRequest(
        AuthorizationService.check.path,
        encodeCheckRequest,
        decodeCheckResponse,
        question,
        new Metadata(),
        { deadline: Date.now() + options.timeout * 1000 },
        (error, answer) => {
          if (answer !== undefined) resolve(answer)
          else reject(new ProviderError(reasonOf(error), { cause: error }))
        },
      )
    })
  return {
    ask: async (question) => toProviderAnswer(await call(question), question),
    close: () => client.close(),
  }
}

function toCredentials(tls: ProviderTls | null) {
  if (tls === null) return credentials.createInsecure()
  const bytes = (pem: string | undefined) => (pem === undefined ? null : Buffer.from(pem))
  return credentials.createSsl(bytes(tls.ca), bytes(tls.key), bytes(tls.cert))
}

function namesOf(tls: ProviderTls | null): ChannelOptions {
  return tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }
}

function reasonOf(error: ServiceError | null): string {
  return error === null ? 'it gave no answer' : `gRPC status ${error.code}: ${error.details}`
}
