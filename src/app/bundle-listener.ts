import { openBundleEndpoint } from '../api/http/bundle-endpoint.ts'
import type { HttpListener } from '../api/http/listen.ts'
import type { BundleEndpoint } from '../config/bundle-endpoint.ts'
import type { Core } from './core.ts'
import { toBase } from './http-deps.ts'
import { WebCertificate } from './web-certificate.ts'

/** The SPIFFE bundle endpoint by its profile: with our own SVID, or with a certificate from files. */
export async function openBundleListener(endpoint: BundleEndpoint, core: Core): Promise<HttpListener> {
  const deps = { ...toBase(core), bundle: core.authorities }
  if (endpoint.profile === 'https_spiffe') return openBundleEndpoint(endpoint.address, core.serving, deps)
  const web = WebCertificate.open(endpoint, core.log)
  try {
    const listener = await openBundleEndpoint(endpoint.address, web, deps)
    return {
      ...listener,
      refreshLimits() {
        listener.refreshLimits()
        web.refresh()
      },
      close(graceSeconds) {
        web.close()
        return listener.close(graceSeconds)
      },
    }
  } catch (error) {
    web.close()
    throw error
  }
}
