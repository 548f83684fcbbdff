import { readFileSync } from 'node:fs'
import { CommandError, systemReason } from './command-error.ts'

/** Where the server is and what to show it. */
export type Target =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'https'
      readonly url: URL
      readonly ca: string | undefined
      readonly cert: string | undefined
      readonly key: string | undefined
      readonly token: string | undefined
    }

/** The options that say where the server is, as given. */
export interface TargetOptions {
  readonly server: string
  readonly cacert?: string
  readonly cert?: string
  readonly key?: string
  readonly token?: string
}

const MAX_SOCKET_PATH_BYTES = 107 // sun_path of unix(7), less its NUL

/** Reads `--server` and the files beside it; throws `usage` for what cannot be meant. */
export function parseTarget(options: TargetOptions): Target {
  const { server } = options
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(server)) return toSocketTarget(server)
  const url = URL.canParse(server) ? new URL(server) : null
  if (url?.protocol !== 'https:') {
    throw CommandError.of('usage', `--server takes the path of an admin socket or an https:// URL, not \`${server}\``)
  }
  if (url.username !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw CommandError.of('usage', `--server takes https://host:port with nothing behind it, not \`${server}\``)
  }
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw CommandError.of('usage', '--cert and --key belong together: the certificate chain and its private key')
  }
  return {
    kind: 'https',
    url,
    ca: readOption('--cacert', options.cacert),
    cert: readOption('--cert', options.cert),
    key: readOption('--key', options.key),
    token: readOption('--token', options.token)?.trim(),
  }
}

function toSocketTarget(path: string): Target {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    const message = `the socket path is longer than ${MAX_SOCKET_PATH_BYTES} bytes; go nearer and give a relative path: \`${path}\``
    throw CommandError.of('usage', message)
  }
  return { kind: 'socket', path }
}

function readOption(option: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = systemReason(error)
    if (reason === null) throw error
    throw CommandError.of('usage', `the file of ${option} cannot be read: ${reason}: \`${path}\``, error)
  }
}
