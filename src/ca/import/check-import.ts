import { createPublicKey, type KeyObject } from 'node:crypto'
import { type CaCertificate, readCaPublicKey } from '../../pki/ca-certificate.ts'
import type { CaMaterial } from '../../pki/ca-directory.ts'
import { error } from '../../pki/explain/findings.ts'
import { type FileFinding, inFile } from '../../pki/file-finding.ts'
import { checkCertificate, checkKey } from './check-certificate.ts'
import { checkConstraints } from './check-constraints.ts'
import { checkCrossings } from './check-crossings.ts'
import { checkOtherRoots, toImportedRoot } from './check-other-roots.ts'
import { type CheckedPath, checkPath } from './check-path.ts'
import { type ReadMaterial, readMaterial } from './read-material.ts'
import type { ImportedAuthority, ImportedRoot, ImportOptions, ImportVerdict } from './verdict.ts'

/** Judges an authority of one's own before anything of it is used: pure, complete, and in words. */
export function checkImport(material: CaMaterial, options: ImportOptions): ImportVerdict {
  const read = readMaterial(material, options.trustedRoots) // 1 the form of every file
  const { signer, key } = read
  if (signer === null) return { imported: null, findings: read.findings }
  const { path, crossings: given, findings: ofPath } = checkPath(signer, read) // 2 who signed whom
  const root = path?.at(-1)
  const isTold = material.roots !== null && root !== undefined
  const { crossings, findings: ofCrossings } = checkCrossings(given, options)
  const others = isTold ? checkOtherRoots(root, { ...read, crossings }, options) : { roots: [], findings: [] }
  const findings = [
    ...read.findings,
    ...judgedOf(read, path).flatMap((one) => checkCertificate(one, options)), // 3 each alone
    ...checkKey(signer),
    ...ofPath,
    ...(path === null ? [] : checkConstraints(path, options)), // 4 what the path allows
    ...(material.key === null || key === null ? [] : checkPair(signer, key, material.key.name)), // 5 whose key
    ...(root === undefined ? [] : checkKey(root)),
    ...ofCrossings,
    ...others.findings, // 6 whom else to believe
  ]
  const isFit = path !== null && !findings.some(({ level }) => level === 'error')
  return { imported: isFit ? toImported(path, key, { crossings, others: others.roots }) : null, findings }
}

/** The path; where there is none, everything, as each may be the reason. */
function judgedOf({ signer, between, roots }: ReadMaterial, path: CheckedPath['path']): readonly CaCertificate[] {
  const all = path ?? [...(signer === null ? [] : [signer]), ...between, ...roots]
  return all.filter((one, index) => all.findIndex((other) => other.der.equals(one.der)) === index)
}

function checkPair({ facts, file }: CaCertificate, key: KeyObject, name: string): readonly FileFinding[] {
  if (isKeyOf(key, facts.publicKey)) return []
  return [inFile(name, error('key.mismatch', `it is not the key of ${file}`))]
}

function isKeyOf(key: KeyObject, spki: Buffer): boolean {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).equals(spki)
}

function toImported(
  path: readonly CaCertificate[],
  key: KeyObject | null,
  { crossings, others }: { readonly crossings: readonly CaCertificate[]; readonly others: readonly ImportedRoot[] },
): ImportedAuthority {
  const [signer, ...above] = path
  const root = above.at(-1)
  if (signer === undefined || root === undefined) throw new TypeError('a path has a signer and a root')
  const { id, keyType } = readCaPublicKey(signer)
  return {
    id,
    keyType,
    notBefore: Math.max(...path.map(({ facts }) => facts.notBefore)),
    notAfter: Math.min(...path.map(({ facts }) => facts.notAfter)), // no leaf outlives any of them
    certificate: signer.pem,
    chain: above.slice(0, -1).map(({ pem }) => pem),
    root: toImportedRoot(root, crossings),
    otherRoots: others,
    key: key === null ? null : key.export({ type: 'pkcs8', format: 'der' }),
  }
}
