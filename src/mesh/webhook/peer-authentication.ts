import type { PeerAuthentication } from '../resource.ts'
import type { Objector } from './objector.ts'
import { checkSelector } from './scope.ts'

/** What istiod's webhook says of a PeerAuthentication. */
export function checkPeerAuthentication({ spec }: PeerAuthentication, say: Objector): void {
  const { selector, portLevelMtls } = spec
  checkSelector(selector, say)
  if (portLevelMtls === undefined) return
  const ports = Object.keys(portLevelMtls)
  if (ports.length === 0) say.error('spec.portLevelMtls', 'portlevel-empty')
  else if (Object.keys(selector?.matchLabels ?? {}).length === 0) {
    say.error('spec.portLevelMtls', 'portlevel-needs-selector')
  }
  for (const port of ports) {
    const number = Number(port)
    if (number < 1 || number > 65_535) say.error(`spec.portLevelMtls[${port}]`, 'portlevel-port', { seen: port })
  }
}
