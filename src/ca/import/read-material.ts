import type { KeyObject } from 'node:crypto'
import { AppError } from '../../kernel/errors.ts'
import { type CaCertificate, parseCaCertificate } from '../../pki/ca-certificate.ts'
import type { CaMaterial, NamedText } from '../../pki/ca-directory.ts'
import { parseCaKey } from '../../pki/ca-key.ts'
import { error, warning } from '../../pki/explain/findings.ts'
import { type FileFinding, inFile } from '../../pki/file-finding.ts'
import { parsePemFile } from '../../pki/pem-file.ts'

/** The files of an import, read; what could not be is told in the findings. */
export interface ReadMaterial {
  /** The certificate that is to sign; null where there is none that can be read. */
  readonly signer: CaCertificate | null
  /** What may stand between it and its root, in the order of the files, each once. */
  readonly between: readonly CaCertificate[]
  readonly roots: readonly CaCertificate[]
  readonly key: KeyObject | null
  readonly findings: readonly FileFinding[]
}

/** What was read of one file, and what is wrong with it. */
interface Read<T> {
  readonly value: T
  readonly findings: readonly FileFinding[]
}

/** Reads every file, and tells of each all that is wrong with its form. */
export function readMaterial(material: CaMaterial, trustedRoots: readonly string[]): ReadMaterial {
  const own = readCertificates(material.certificate)
  const chain = material.chain === null ? found<CaCertificate[]>([]) : readCertificates(material.chain)
  const roots = readCertificates(material.roots ?? { name: 'the trusted roots', text: trustedRoots.join('') })
  const key = material.key === null ? found(null) : readKey(material.key)
  const [signer = null, ...rest] = own.value
  const between = [...rest, ...chain.value]
  return {
    signer,
    between: between.filter((one, index) => isFirst(one, index, between) && !isSame(one, signer)),
    roots: roots.value.filter(isFirst),
    key: key.value,
    findings: [
      ...[own, chain, roots, key].flatMap(({ findings }) => findings),
      ...findInOrder(signer, chain.value),
      ...roots.value
        .filter((root, index) => !isFirst(root, index, roots.value))
        .map(({ file }) => inFile(file, warning('roots.repeated', 'it stands in the file already'))),
    ],
  }
}

function readCertificates({ name, text }: NamedText): Read<CaCertificate[]> {
  const file = attempt('pem.malformed', name, () => parsePemFile(text))
  if (file.value === null) return { value: [], findings: file.findings }
  const { blocks, oddities } = file.value
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE')
  const read = certificates.map(({ der }, index) => {
    const place = certificates.length === 1 ? name : `${name} (${index + 1} of ${certificates.length})`
    return attempt('certificate.malformed', place, () => parseCaCertificate(der, place))
  })
  const others = blocks
    .filter(({ label }) => label !== 'CERTIFICATE')
    .map(({ label }) => error('pem.unexpected', `it holds a block \`${label}\`, where only certificates belong`))
  return {
    value: read.map(({ value }) => value).filter((value) => value !== null),
    findings: [
      ...[...oddities, ...others].map((one) => inFile(name, one)),
      ...read.flatMap(({ findings }) => findings),
    ],
  }
}

function readKey({ name, text }: NamedText): Read<KeyObject | null> {
  return attempt('key.malformed', name, () => parseCaKey(text))
}

/** Istio's own reader takes the first of `cert-chain.pem` for the signer. */
function findInOrder(signer: CaCertificate | null, chain: readonly CaCertificate[]): readonly FileFinding[] {
  const [first] = chain
  if (signer === null || first === undefined || isSame(first, signer)) return []
  return [
    inFile(first.file, warning('chain.no_signer', `the chain does not begin with the certificate of ${signer.file}`)),
  ]
}

function attempt<T>(code: string, file: string, parse: () => T): Read<T | null> {
  try {
    return found(parse())
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    return { value: null, findings: [inFile(file, error(code, cause.message))] }
  }
}

function found<T>(value: T): Read<T> {
  return { value, findings: [] }
}

function isFirst(one: CaCertificate, index: number, all: readonly CaCertificate[]): boolean {
  return all.findIndex((other) => isSame(one, other)) === index
}

function isSame(a: CaCertificate, b: CaCertificate | null): boolean {
  return b !== null && a.der.equals(b.der)
}
