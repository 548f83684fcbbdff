import type { ChainSummary, Finding } from './explained.ts'
import type { CertificateFacts, Facts } from './facts.ts'
import { error, warning } from './findings.ts'
import { checkSignature } from './keys.ts'

/** Which item of the file signed an item, and what is unusual about it. */
export interface Link {
  readonly signedBy: number | null
  readonly findings: readonly Finding[]
}

const MAX_CANDIDATES = 8 // a file of a thousand certificates with one name must not cost a million signature checks

/** For each item of a file, who in the file signed it. */
export function toLinks(items: readonly Facts[]): readonly Link[] {
  const bySubject = new Map<string, number[]>()
  for (const [index, item] of items.entries()) {
    if (item.kind !== 'certificate') continue
    const name = item.subjectDer.toString('latin1')
    bySubject.set(name, [...(bySubject.get(name) ?? []), index])
  }
  return items.map((item) => {
    if (item.kind !== 'certificate') return { signedBy: null, findings: [] }
    return toLink(item, items, bySubject.get(item.issuerDer.toString('latin1')) ?? [])
  })
}

/** The path from the file's leaf to its last signer, and whether the file has it in that order. */
export function toChainSummary(items: readonly Facts[], links: readonly Link[]): ChainSummary | null {
  const certificates = [...items.keys()].filter((index) => items[index]?.kind === 'certificate')
  const leaf = certificates.find((index) => !isAuthority(items[index])) ?? certificates[0]
  if (leaf === undefined) return null
  const path = pathFrom(leaf, links)
  const isInOrder = path.every((index, position) => index === certificates[position])
  const last = path.at(-1) ?? leaf
  return {
    path,
    order: isInOrder ? 'leaf-first' : 'wrong',
    root: links[last]?.signedBy === last ? 'included' : 'missing',
  }
}

/** What is unusual about an item's place in the file. */
export function findInPlace(index: number, items: readonly Facts[], chain: ChainSummary): readonly Finding[] {
  const item = items[index]
  if (item?.kind !== 'certificate') return []
  const findings: Finding[] = []
  if (items.findIndex((other) => other.sha256 === item.sha256) < index) {
    findings.push(warning('chain.repeated', 'it stands in the file more than once'))
  }
  const position = chain.path.indexOf(index)
  const first = items[chain.path[0] ?? 0]
  if (first === undefined || isAuthority(first)) return findings // a bundle of authorities has no order
  if (position === -1 && findings.length === 0) {
    findings.push(warning('chain.unrelated', 'it is no part of the chain of the first leaf in the file'))
  }
  if (position === 0 && chain.order === 'wrong') {
    findings.push(
      error('chain.order', 'the chain is not in order: the leaf comes first, then each signer after what it signed'),
    )
  }
  const between = chain.path.slice(1, position).filter((i) => !isSelfIssued(items[i])).length
  const pathLength = item.extensions.basicConstraints?.value.pathLength ?? null
  if (position > 0 && pathLength !== null && between > pathLength) {
    findings.push(
      error('chain.path_length', `it allows ${pathLength} authorities below it, and the chain has ${between}`),
    )
  }
  return findings
}

function toLink(item: CertificateFacts, items: readonly Facts[], named: readonly number[]): Link {
  const { authorityKeyId } = item.extensions
  const fits = (index: number) => items[index]?.extensions.subjectKeyId === authorityKeyId
  const candidates = named.toSorted((a, b) => Number(fits(b)) - Number(fits(a))).slice(0, MAX_CANDIDATES)
  let unchecked: CertificateFacts | null = null
  for (const index of candidates) {
    const signer = items[index]
    if (signer?.kind !== 'certificate') continue
    const result = checkSignature(item, signer.publicKey)
    if (result === 'valid') return { signedBy: index, findings: findBetween(item, signer) }
    if (result === 'unchecked') unchecked = signer
  }
  if (candidates.length === 0) return { signedBy: null, findings: [] }
  const finding =
    unchecked === null
      ? error('signature.invalid', 'its signature does not verify with the key of the issuer of that name in this file')
      : warning('signature.unchecked', `its signature (${item.signatureAlgorithm}) was not checked`)
  return { signedBy: null, findings: [finding] }
}

function findBetween(item: CertificateFacts, signer: CertificateFacts): readonly Finding[] {
  const findings: Finding[] = []
  if (!signer.isCa && signer.sha256 !== item.sha256) {
    findings.push(error('chain.signer_not_ca', 'what signed it is no authority (X-7)'))
  }
  if (item.notAfter > signer.notAfter) findings.push(error('chain.outlives_issuer', 'it outlives its issuer'))
  if (item.notBefore < signer.notBefore) findings.push(warning('chain.predates_issuer', 'it predates its issuer'))
  return findings
}

function pathFrom(leaf: number, links: readonly Link[]): readonly number[] {
  const path = [leaf]
  for (
    let next = links[leaf]?.signedBy;
    typeof next === 'number' && !path.includes(next);
    next = links[next]?.signedBy
  ) {
    path.push(next)
  }
  return path
}

function isAuthority(item: Facts | undefined): boolean {
  return item?.kind === 'certificate' && item.isCa
}

function isSelfIssued(item: Facts | undefined): boolean {
  return item?.kind === 'certificate' && item.subjectDer.equals(item.issuerDer)
}
