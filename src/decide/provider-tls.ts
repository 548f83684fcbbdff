import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { StartupError } from '../kernel/startup-error.ts'
import type { ProviderTlsFiles } from './provider-options.ts'

/** What a TLS connection to a provider is opened with; PEM. */
export interface ProviderTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly serverName?: string
}

/** Reads and tries the files once, at the start; throws `StartupError` when they cannot be used. */
export function readProviderTls(provider: string, files: ProviderTlsFiles): ProviderTls {
  const { caFile, certFile, keyFile, serverName } = files
  try {
    const tls: ProviderTls = {
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
      ...(certFile === undefined ? {} : { cert: readFileSync(certFile, 'utf8') }),
      ...(keyFile === undefined ? {} : { key: readFileSync(keyFile, 'utf8') }),
      ...(serverName === undefined ? {} : { serverName }),
    }
    createSecureContext(tls)
    return tls
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StartupError('config.invalid', `mesh.extensionProviders: \`${provider}\`: tls: ${why}`, cause)
  }
}
