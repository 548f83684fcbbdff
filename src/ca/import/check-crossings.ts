import type { CaCertificate } from '../../pki/ca-certificate.ts'
import type { FileFinding } from '../../pki/file-finding.ts'
import { checkCertificate } from './check-certificate.ts'
import { asLeftOut } from './check-other-roots.ts'
import type { ImportOptions } from './verdict.ts'

/** Certificates that roots of an import have given one another, as far as they are fit to go out with leaves. */
interface CheckedCrossings {
  readonly crossings: readonly CaCertificate[]
  /** Warnings alone: without one, who knows only the older root finds no path, and all others do. */
  readonly findings: readonly FileFinding[]
}

/** Judges them as strictly as what stands between the signer and its root. */
export function checkCrossings(all: readonly CaCertificate[], options: ImportOptions): CheckedCrossings {
  const judged = all.map((one) => ({ one, found: checkCertificate(one, options) }))
  return {
    crossings: judged.filter(({ found }) => !found.some(({ level }) => level === 'error')).map(({ one }) => one),
    findings: judged.flatMap(({ found }) => found.map((finding) => asLeftOut(finding, 'it is not used'))),
  }
}
