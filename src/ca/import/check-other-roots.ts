import { type CaCertificate, readCaPublicKey } from '../../pki/ca-certificate.ts'
import { error, warning } from '../../pki/explain/findings.ts'
import { type FileFinding, inFile } from '../../pki/file-finding.ts'
import { checkCertificate, checkKey } from './check-certificate.ts'
import { isSameAuthority, isSignedBy } from './issued-by.ts'
import type { ImportedRoot, ImportOptions } from './verdict.ts'

/** The roots of a file that stand beside that of the signer. */
interface CheckedRoots {
  /** Those that are fit to be believed, each key once. */
  readonly roots: readonly ImportedRoot[]
  /** Warnings alone: one that is not fit is left out, and the signer may be used all the same. */
  readonly findings: readonly FileFinding[]
}

const SAME_KEY = 'it has the key of another root of the file, which is published in its place'

/** The roots of an import, and the certificates that they have given one another. */
interface GivenRoots {
  readonly roots: readonly CaCertificate[]
  readonly crossings: readonly CaCertificate[]
}

/** Judges roots that the signer does not descend from: as strictly as its own, since every peer will believe them as much. */
export function checkOtherRoots(own: CaCertificate, given: GivenRoots, options: ImportOptions): CheckedRoots {
  const roots: ImportedRoot[] = []
  const taken = new Set([readCaPublicKey(own).id])
  const findings: FileFinding[] = []
  for (const root of given.roots.filter((one) => one !== own)) {
    const found = findInRoot(root, options)
    findings.push(...found.map((finding) => asLeftOut(finding, 'it is not published')))
    if (found.some(({ level }) => level === 'error')) continue
    const imported = toImportedRoot(root, given.crossings)
    if (taken.has(imported.id)) findings.push(inFile(root.file, warning('roots.same_key', SAME_KEY)))
    else roots.push(imported)
    taken.add(imported.id)
  }
  return { roots, findings }
}

/** What is kept of a root whose key is elsewhere. */
export function toImportedRoot(certificate: CaCertificate, crossings: readonly CaCertificate[]): ImportedRoot {
  const { notBefore, notAfter } = certificate.facts
  const { id, keyType } = readCaPublicKey(certificate)
  const crossing = crossings.find((one) => isSameAuthority(one, certificate))
  const chain = crossing === undefined ? [] : [crossing.pem]
  return { id, keyType, notBefore, notAfter, certificate: certificate.pem, chain }
}

function findInRoot(root: CaCertificate, options: ImportOptions): readonly FileFinding[] {
  const found = [...checkCertificate(root, options), ...checkKey(root)]
  if (isSignedBy(root, root)) return found
  return [...found, inFile(root.file, error('roots.not_self_signed', 'it is no root'))]
}

/** Of what the signer can do without, an error is a warning that says what becomes of it. */
export function asLeftOut(finding: FileFinding, consequence: string): FileFinding {
  if (finding.level !== 'error') return finding
  return { ...finding, level: 'warning', text: `${finding.text}; ${consequence}` }
}
