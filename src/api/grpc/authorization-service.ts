import type { handleUnaryCall, Server, ServiceDefinition } from '@grpc/grpc-js'
import { type ToldWorkload, toReference } from '../asked-workload.ts'
import { refusalOf, toAnswer } from '../decision-answer.ts'
import type { DecisionPorts } from '../decision-ports.ts'
import { openCertificateUris, type UrisOfCertificate } from '../peer-uris.ts'
import type { AskerOf } from './asker.ts'
import { toQuestion } from './check-question.ts'
import { type CheckRequest, decodeCheckRequest } from './decode-check-request.ts'
import { encodeCheckResponse } from './encode-check-response.ts'
import { AuthorizationService } from './generated/envoy/service/auth/v3/external_auth.ts'
import { refuseTooLarge } from './message-limit.ts'
import { type Decoded, decodedBy } from './unary.ts'

/** Its full name, by which clients ask for its health. */
export const AUTHORIZATION = 'envoy.service.auth.v3.Authorization'

export interface AuthorizationDeps extends Omit<DecisionPorts, 'ready' | 'identify'> {
  /** Bytes of a message; null: any. */
  readonly maxBytes: () => number | null
  readonly askerOf: AskerOf
}

/**
 * `envoy.service.auth.v3.Authorization`, for Envoy's HTTP and network filters. Whatever goes wrong, the call succeeds
 * and the answer denies, so that no proxy takes it for a failure that it may let through.
 */
export function addAuthorizationService(server: Server, deps: AuthorizationDeps): void {
  const service = {
    Check: {
      ...AuthorizationService.check,
      requestDeserialize: decodedBy((bytes) => decodeCheckRequest(refuseTooLarge(bytes, deps.maxBytes()))),
      responseSerialize: (bytes: Buffer) => bytes,
    },
  } satisfies ServiceDefinition
  const urisOf = openCertificateUris()
  const check: handleUnaryCall<Decoded<CheckRequest>, Buffer> = (call, callback) => {
    const refuse = (thrown: unknown) => callback(null, encodeRefusal(thrown, deps))
    try {
      const answer = answerTo(call.request, call.getPeer(), { ...deps, urisOf })
      if (answer instanceof Promise) answer.then((bytes) => callback(null, bytes), refuse)
      else callback(null, answer)
    } catch (thrown) {
      refuse(thrown)
    }
  }
  server.addService(service, { Check: check })
}

type Deps = AuthorizationDeps & { readonly urisOf: UrisOfCertificate }

/** At once where nothing has to be waited for: a promise would cost more than a decision. */
function answerTo(decoded: Decoded<CheckRequest>, peer: string, deps: Deps): Buffer | Promise<Buffer> {
  if ('error' in decoded) throw decoded.error
  const { request } = decoded
  const asker = deps.askerOf(peer)
  const question = toQuestion(request, deps.urisOf)
  const decided = deps.decide(toReference(asker, toTold(request), deps.owns), question)
  const options = { reasonHeader: deps.reasonHeader() }
  if (!(decided instanceof Promise)) return encodeCheckResponse(toAnswer(question, decided, options))
  return decided.then((settled) => encodeCheckResponse(toAnswer(question, settled, options)))
}

function toTold({ destination, workload }: CheckRequest): ToldWorkload {
  return { name: workload, principal: destination?.principal ?? '', address: destination?.address ?? '' }
}

function encodeRefusal(thrown: unknown, { reasonHeader, onUndecided }: AuthorizationDeps): Buffer {
  onUndecided(thrown)
  return encodeCheckResponse(refusalOf(thrown, { reasonHeader: reasonHeader() }))
}
