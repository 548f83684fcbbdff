import { CRL_REASONS, type CrlReason } from '../pki/crl.ts'

/** What the reason columns of the database may hold. */
export const CRL_REASON_NAMES = Object.keys(CRL_REASONS) as readonly CrlReason[]
