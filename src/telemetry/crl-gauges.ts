import { Gauge, type Registry } from 'prom-client'
import type { AuthorityKind } from '../ca/authority.ts'
import type { UnixSeconds } from '../kernel/clock.ts'

/** The CRL of one authority; `nextUpdate` is null while there is none. */
export interface ObservedCrl {
  readonly authority: string
  readonly kind: AuthorityKind
  readonly nextUpdate: UnixSeconds | null
  /** Whether it could be signed when it was due. */
  readonly isOk: boolean
}

/** Metrics of the CRLs, read at each scrape. */
export function buildCrlGauges(registry: Registry, observe: () => readonly ObservedCrl[]): void {
  const labelNames = ['id', 'kind']
  new Gauge({
    name: 'alcazar_crl_next_update_timestamp_seconds',
    help: 'When the CRL of each authority expires, Unix time; absent while there is none.',
    labelNames,
    registers: [registry],
    collect() {
      this.reset()
      for (const { authority: id, kind, nextUpdate } of observe())
        if (nextUpdate !== null) this.set({ id, kind }, nextUpdate)
    },
  })
  new Gauge({
    name: 'alcazar_crl_ok',
    help: 'Whether the CRL of each authority is as new as it ought to be.',
    labelNames,
    registers: [registry],
    collect() {
      this.reset()
      for (const { authority: id, kind, isOk } of observe()) this.set({ id, kind }, Number(isOk))
    },
  })
}
