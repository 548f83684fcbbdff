import { chmod, lstat, stat, unlink } from 'node:fs/promises'
import http from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { ListenError } from '../listen-error.ts'
import { buildApi } from './api.ts'
import type { HttpDeps } from './deps.ts'
import { attachTo, type HttpListener, openOn } from './listen.ts'
import { SERVER_OPTIONS } from './node-server.ts'

/** `sun_path` of unix(7) without its NUL. */
const MAX_PATH_BYTES = 107

/**
 * Opens the whole API on a Unix socket that only its owner may open; who can is the local administrator. The folder
 * must be the owner's alone: bind(2) obeys the umask, so until chmod(2) only the folder protects the socket.
 */
export async function openAdminSocket(path: string, deps: HttpDeps): Promise<HttpListener> {
  const bytes = Buffer.byteLength(path)
  if (bytes > MAX_PATH_BYTES) {
    const message = `the socket path \`${path}\` has ${bytes} bytes, more than ${MAX_PATH_BYTES}: use a shorter dataDir`
    throw new ListenError('listen.path_too_long', message)
  }
  const folder = dirname(path)
  if (((await stat(folder)).mode & 0o077) !== 0) {
    throw new ListenError('listen.unsafe_path', `others may enter \`${folder}\`: give it the mode 0700`)
  }
  await removeStaleSocket(path)
  const server = http.createServer(SERVER_OPTIONS)
  const app = buildApi(deps, 'admin-socket', attachTo(server))
  const listener = await openOn(server, { app, base: deps, listen: { path } })
  await chmod(path, 0o600)
  return listener
}

/** A socket that nobody answers on was left by a process that is gone; anything else is not ours to remove. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (found === null) return
  if (!found.isSocket()) throw new ListenError('listen.unsafe_path', `\`${path}\` is in the way: it is not a socket`)
  if (await isAnswered(path)) {
    throw new ListenError('listen.in_use', `\`${path}\` is in use: another process serves this data directory`)
  }
  await unlink(path)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else reject(error)
    })
  })
}
