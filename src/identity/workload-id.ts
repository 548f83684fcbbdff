import { AppError, type ErrorCode } from '../kernel/errors.ts'
import { parseSpiffeId, type SpiffeId } from './spiffe-id.ts'

/** The SPIFFE ID of a workload of `trustDomain`, so one with a path; throws `code` for any other text. */
export function parseWorkloadId(uri: string, trustDomain: string, code: ErrorCode): SpiffeId {
  const identity = parseSpiffeId(uri, code)
  if (identity.trustDomain === trustDomain && identity.path !== '') return identity
  const detail = { wanted: `spiffe://${trustDomain}/…`, seen: uri }
  throw new AppError(code, `the identity must be that of a workload of \`${trustDomain}\``, detail)
}
