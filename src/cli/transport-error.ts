import { resolve } from 'node:path'
import { CommandError } from './command-error.ts'
import type { Target } from './target.ts'

/** Codes of Node's TLS for a chain that ends in no trusted root. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
])

/** Why no answer came, and what to do about it. */
export function toTransportError(error: unknown, target: Target): unknown {
  if (error instanceof CommandError || !(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === '') return error
  if (code === 'ERR_INVALID_CHAR') {
    return CommandError.of('usage', 'the file of --token holds something else than one token', error)
  }
  if (code.startsWith('ERR_OSSL')) {
    return CommandError.of('usage', `the files of --cacert, --cert and --key cannot be used: ${error.message}`, error)
  }
  if (target.kind === 'socket') return toSocketError(code, target.path, error)
  const { host } = target.url
  if (UNTRUSTED.has(code)) {
    const how =
      target.ca === undefined ? 'give --cacert with the trust bundle' : 'the file of --cacert is not its trust bundle'
    return CommandError.of(
      'server.untrusted',
      `the certificate of ${host} is not trusted: ${how}, \`bundle.pem\` in the server's data directory`,
      error,
    )
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return CommandError.of('server.untrusted', `the certificate of ${host} is not valid now: compare the clocks`, error)
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return CommandError.of(
      'server.untrusted',
      `the certificate of ${host} is for other names: add this one to \`server.dnsNames\``,
      error,
    )
  }
  return CommandError.of('server.unreachable', `no server answers at ${host} (${code}): is it running?`, error)
}

function toSocketError(code: string, path: string, error: Error): CommandError {
  const where = `the socket ${resolve(path)}`
  if (code === 'EACCES' || code === 'EPERM') {
    return CommandError.of(
      'server.unreachable',
      `${where} belongs to another user: run this as the user that runs the server`,
      error,
    )
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK' || code === 'ENOTDIR') {
    const elsewhere = 'start it with `npm start`, or say where it is with --server'
    return CommandError.of('server.unreachable', `no server answers at ${where}: is it running? ${elsewhere}`, error)
  }
  return CommandError.of('server.unreachable', `the connection to ${where} broke (${code})`, error)
}
