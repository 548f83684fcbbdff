import { toDeclaredPorts } from '../../src/decide/find-workload.ts'
import { askHeaderRules } from '../../src/decide/header-provider.ts'
import { JwksProvider } from '../../src/decide/jwt/jwks-provider.ts'
import { TokenVerifier } from '../../src/decide/jwt/token-verifier.ts'
import { openWhatIf } from '../../src/decide/suppose.ts'
import type { Supposed } from '../../src/decide/what-if.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { MeshSettings, PathNormalization } from '../../src/mesh/mesh-settings.ts'
import type { DeclaredPorts } from '../../src/mesh/workload.ts'
import { toHeaders } from '../../src/policy/headers.ts'
import type { Question } from '../../src/policy/request.ts'
import type { Outcome, Request, Row } from './reference/row.ts'

const tokens = new TokenVerifier(new JwksProvider({ clock: systemClock, log: silentLog, allowPrivateAddress: false }))
const whatIf = openWhatIf({ tokens, clock: systemClock })
const CORPUS_PORTS: DeclaredPorts = new Map([
  [8080, 'http'],
  [8081, 'http'],
  [9000, 'tcp'],
])
const PROVIDERS = ['ext-a', 'ext-b']
const ask = askHeaderRules(PROVIDERS.map((name) => ({ name, header: 'x-ext-authz', contains: 'deny' })))

/** What the compiled engine says of a request of the corpus, in the corpus' own terms. */
export async function engineDecide(row: Row, request: Request): Promise<Outcome> {
  const explained = await whatIf(toSupposed(row))(toQuestion(request), { explain: false })
  const { phase: _, reason: __, allowedBy: ___, ...outcome } = explained.decision
  return { ...outcome, ...(explained.upstream === undefined ? {} : { upstream: explained.upstream }) } as Outcome
}

function toSupposed({ mesh, workload, policies }: Row): Supposed {
  const settings: MeshSettings = {
    ...mesh,
    pathNormalization: (mesh.pathNormalization || 'BASE') as PathNormalization,
    extensionProviders: PROVIDERS,
  }
  const { namespace, labels, ip } = workload
  const ports = workload.ports === null ? CORPUS_PORTS : toDeclaredPorts(workload.ports)
  return { mesh: settings, workload: { namespace, name: null, labels, ip, ports }, policies, ask }
}

function toQuestion({ port, sourceIp, peer, ...http }: Request): Question {
  return {
    port,
    sourceIp,
    destinationIp: null,
    peer:
      peer === null
        ? null
        : {
            uriSans: peer.uriSans,
            sni: peer.sni === undefined || peer.sni === '' ? null : peer.sni,
            certificate: peer.noCert !== true,
            alpn: peer.alpn ?? null,
          },
    http:
      http.protocol === 'tcp'
        ? null
        : {
            method: http.method ?? '',
            target: http.path ?? '',
            host: http.host ?? null,
            headers: toHeaders(http.headers ?? []),
          },
  }
}
