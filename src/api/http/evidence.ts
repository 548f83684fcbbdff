import type { FastifyRequest } from 'fastify'
import type { Evidence } from '../../identity/evidence.ts'
import { bearerOf } from '../bearer.ts'
import { connectionOf } from './connection.ts'

/** Through which listener a request came: the mode of the admin socket's file is its authentication. */
export type Door = 'network' | 'admin-socket'

/** What the caller presented beside the body. */
export function evidenceOf(request: FastifyRequest, door: Door): Evidence {
  const { authorization } = request.headers
  const { clientCertificate } = connectionOf(request.raw.socket)
  return {
    ...(authorization === undefined ? {} : { bearer: bearerOf(authorization) }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(door === 'admin-socket' ? { localAdmin: true } : {}),
  }
}
