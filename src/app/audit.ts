import type { AuditPort } from '../api/http/audit.ts'
import { exportRecord } from '../audit/export-record.ts'
import type { HeadSigner } from '../audit/head-signature.ts'
import { verifyRecord } from '../audit/verify-record.ts'
import type { Core } from './core.ts'

/** The record as its auditors see it; exports are signed by the intermediate that is active at their end. */
export function toAudit({ store, authorities, live, clock }: Core): AuditPort {
  const signer = (): HeadSigner => {
    const { signer, authority } = authorities.issuing(Math.floor(clock.now() / 1000))
    return { signer, chain: [authority.certificate, ...authority.chain] } // to its root alone: exports outlive older ones
  }
  return {
    list: (query) => store.listActions(query),
    verify: (cursor) => verifyRecord(store, cursor),
    export: (since) => exportRecord({ store, signer, trustDomain: live.current.trustDomain, clock }, since),
  }
}
