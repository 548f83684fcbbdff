import { AppError } from '../../kernel/errors.ts'
import type { CaCertificate } from '../../pki/ca-certificate.ts'
import type { Finding } from '../../pki/explain/explained.ts'
import { error } from '../../pki/explain/findings.ts'
import { type FileFinding, inFile } from '../../pki/file-finding.ts'
import {
  type ConstrainedName,
  NAME_CONSTRAINTS,
  type NameConstraints,
  parseNameConstraints,
  permits,
} from '../../pki/name-constraints.ts'
import type { ImportOptions } from './verdict.ts'

/**
 * Refuses a path whose name constraints forbid what this service issues: identities of its trust domain, and the names
 * of its own certificate, as one forbidden name makes verifiers refuse the whole certificate (RFC 5280 §4.2.1.10).
 */
export function checkConstraints(path: readonly CaCertificate[], options: ImportOptions): readonly FileFinding[] {
  const names = namesOf(options)
  return path.flatMap(({ file, extensions }, depth) => {
    const extension = extensions.find(({ oid }) => oid === NAME_CONSTRAINTS)
    if (extension === undefined) return []
    return findInConstraints(extension.value, names, depth > 0 ? 'authorities' : 'leaves').map((one) =>
      inFile(file, one),
    )
  })
}

function namesOf({ trustDomain, ownNames }: ImportOptions): readonly ConstrainedName[] {
  return [
    { kind: 'URI', value: trustDomain }, // the host of every SPIFFE ID
    ...ownNames.dns.map((value) => ({ kind: 'DNS' as const, value })),
    ...ownNames.ips.map((value) => ({ kind: 'IP' as const, value })),
  ]
}

function findInConstraints(
  der: Buffer,
  names: readonly ConstrainedName[],
  below: 'authorities' | 'leaves',
): readonly Finding[] {
  const constraints = read(der)
  if (constraints === null) return [error('constraints.malformed', 'its name constraints cannot be read')]
  const rules = [...constraints.permitted, ...constraints.excluded]
  // leaves have an empty subject and no other names; the authorities below have, and their subjects are not evaluated
  if (below === 'authorities' && rules.some(({ kind }) => kind === 'dirName' || kind === 'other')) {
    const text = 'it constrains names other than DNS, URI and IP of the authorities below it, which is not supported'
    return [error('constraints.unsupported', text)]
  }
  return names
    .filter((name) => !permits(constraints, name))
    .map(({ kind, value }) =>
      error('constraints.forbidden', `its name constraints do not allow the ${kind} name \`${value}\``),
    )
}

function read(der: Buffer): NameConstraints | null {
  try {
    return parseNameConstraints(der)
  } catch (cause) {
    if (cause instanceof AppError) return null
    throw cause
  }
}
