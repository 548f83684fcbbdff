import type { CaCertificate } from '../../pki/ca-certificate.ts'
import { error, warning } from '../../pki/explain/findings.ts'
import { checkSignature } from '../../pki/explain/keys.ts'
import { type FileFinding, inFile } from '../../pki/file-finding.ts'
import { isNamed, isSameAuthority, isSelfIssued, isSignedBy } from './issued-by.ts'
import type { ReadMaterial } from './read-material.ts'

/** From the signer to its root, both included, each signed by the next; null where a finding says why there is none. */
export interface CheckedPath {
  readonly path: readonly CaCertificate[] | null
  /** Certificates that the roots have given one another: the path needs none of them. */
  readonly crossings: readonly CaCertificate[]
  readonly findings: readonly FileFinding[]
}

type Given = Pick<ReadMaterial, 'between' | 'roots'>

/** Follows the signatures in the order of the files up to one of the roots (RFC 5280 §6.1.3 a, in reverse). */
export function checkPath(signer: CaCertificate, { between, roots }: Given): CheckedPath {
  if (isSignedBy(signer, signer)) {
    const text =
      'it is a root itself, and its key shall not sign day by day: have it sign the CSR of `alcazar authority csr`, and import that'
    return broken(signer, error('signer.is_root', text))
  }
  const foreign = between.find((one) => isSelfIssued(one) && !roots.some((root) => root.der.equals(one.der)))
  if (foreign !== undefined) {
    return broken(foreign, error('chain.foreign_root', 'it is a root that the file of roots does not have'))
  }
  const path = [signer]
  const crossings: CaCertificate[] = []
  for (const next of between.filter((one) => !isSelfIssued(one))) {
    const last = path.at(-1) ?? signer
    const isAtRoot = roots.some((root) => isSignedBy(last, root))
    if (isAtRoot && isCrossing(next, roots)) crossings.push(next)
    else if (isSignedBy(last, next)) path.push(next)
    else return broken(next, notNext({ last, next }, between))
  }
  const last = path.at(-1) ?? signer
  const root = roots.find((one) => isSignedBy(last, one))
  if (root === undefined) return broken(last, noRoot(last, roots))
  path.push(root)
  return { path, crossings, findings: findAlong(path) }
}

function notNext(
  { last, next }: { readonly last: CaCertificate; readonly next: CaCertificate },
  between: readonly CaCertificate[],
) {
  const right = between.find((one) => isSignedBy(last, one))
  if (right !== undefined) {
    return error('chain.order', `the chain is not in order: what signed ${last.file} is ${right.file}, and comes next`)
  }
  if (isNamed(last, next)) return unsigned(last, next)
  return error('chain.unrelated', `it did not sign ${last.file}, whose issuer is \`${last.facts.issuer}\``)
}

function noRoot(last: CaCertificate, roots: readonly CaCertificate[]) {
  const named = roots.find((root) => isNamed(last, root))
  if (named !== undefined) return unsigned(last, named)
  return error('chain.no_root', `none of the roots signed it: its issuer is \`${last.facts.issuer}\``)
}

/** The issuer has the right name, and yet its key did not make the signature. */
function unsigned(child: CaCertificate, issuer: CaCertificate) {
  if (checkSignature(child.facts, issuer.facts.publicKey) === 'unchecked') {
    const text = `the signature of ${child.file} (${child.facts.signatureAlgorithm}) is of a kind that is not supported`
    return error('signature.unsupported', text)
  }
  return error('signature.invalid', `the signature of ${child.file} does not verify with the key of ${issuer.file}`)
}

/** What must hold between an authority and those below it. */
function findAlong(path: readonly CaCertificate[]): readonly FileFinding[] {
  return path.flatMap(({ facts, file }, depth) => {
    const child = path[depth - 1]
    const pathLength = facts.extensions.basicConstraints?.value.pathLength ?? null
    const { subjectKeyId } = facts.extensions
    const wanted = child?.facts.extensions.authorityKeyId ?? null
    return [
      pathLength !== null &&
        pathLength < depth &&
        error('path_length.exceeded', `it allows ${pathLength} authorities below it, and has ${depth}`),
      depth === 0 &&
        facts.isCa &&
        pathLength === null &&
        warning('path_length.open', 'it has no path length: 0 is what it needs'),
      wanted !== null &&
        subjectKeyId !== null &&
        wanted !== subjectKeyId &&
        error('key_id.differs', `its key identifier is not the one that ${child?.file} names as its issuer's`),
      child !== undefined &&
        child.facts.notAfter > facts.notAfter &&
        warning('validity.outlives_issuer', `${child.file} outlives it, and is used no longer than it is valid`),
    ]
      .filter((finding) => finding !== false)
      .map((finding) => inFile(file, finding))
  })
}

function broken({ file }: CaCertificate, finding: ReturnType<typeof error>): CheckedPath {
  return { path: null, crossings: [], findings: [inFile(file, finding)] }
}

/** A certificate of one root by another. */
function isCrossing(one: CaCertificate, roots: readonly CaCertificate[]): boolean {
  return roots.some((root) => isSameAuthority(one, root)) && roots.some((root) => isSignedBy(one, root))
}
