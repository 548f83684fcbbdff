import { AppError } from '../../kernel/errors.ts'
import type { NamedText } from '../../pki/ca-directory.ts'
import { warning } from '../../pki/explain/findings.ts'
import { type FileFinding, inFile } from '../../pki/file-finding.ts'
import { type ParsedCrl, parseCrl } from '../../pki/parse-crl.ts'
import { type PemFile, parsePemFile } from '../../pki/pem-file.ts'

/** The CRLs of a file, and what is wrong with its form: warnings, as those that can be read are good without the others. */
interface ReadCrls {
  readonly crls: readonly ParsedCrl[]
  readonly findings: readonly FileFinding[]
}

const LABEL = 'X509 CRL'
const NO_BLOCKS: PemFile = { blocks: [], oddities: [] }

/** Reads the CRLs of authorities that others run; who signed them is found when they are used. */
export function readCrls({ name, text }: NamedText): ReadCrls {
  const findings: FileFinding[] = []
  const attempt = <T>(read: () => T, instead: T): T => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      findings.push(inFile(name, warning('crl.malformed', error.message)))
      return instead
    }
  }
  const { blocks, oddities } = attempt(() => parsePemFile(text), NO_BLOCKS)
  const others = blocks.filter(({ label }) => label !== LABEL)
  findings.push(
    ...oddities.map((one) => inFile(name, one)),
    ...others.map(({ label }) => inFile(name, warning('pem.unexpected', `it holds a block \`${label}\``))),
  )
  const lists = blocks.filter(({ label }) => label === LABEL)
  const crls = lists.map(({ der }) => attempt(() => parseCrl(der), null)).filter((crl) => crl !== null)
  return { crls, findings }
}
