import { createPrivateKey, type KeyObject } from 'node:crypto'
import { AppError } from '../kernel/errors.ts'
import type { PemBlock } from './explain/pem-blocks.ts'
import { parsePemFile } from './pem-file.ts'

/** The forms of a private key that is not encrypted, by PEM label: RFC 5958, RFC 5915, RFC 8017 §A.1.2. */
const FORMS = {
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
  'RSA PRIVATE KEY': 'pkcs1',
} as const
type KeyLabel = keyof typeof FORMS
/** `openssl ecparam -genkey` writes the curve in a block of its own before the key. */
const PARAMETERS = 'EC PARAMETERS'

/** The one private key of a PEM file; throws `request.malformed` with what is wrong, and nothing of the key. */
export function parseCaKey(text: string): KeyObject {
  if (text.includes('ENCRYPTED')) {
    throw malformed('it is encrypted: decrypt it with `openssl pkey`; what is stored here is encrypted again')
  }
  const blocks = parsePemFile(text).blocks.filter(({ label }) => label !== PARAMETERS)
  const keys = blocks.filter(isKey)
  const [only] = keys
  if (only === undefined) throw malformed(`it holds ${blocks.map(({ label }) => label).join(', ')} and no private key`)
  if (keys.length > 1) throw malformed(`it holds ${keys.length} private keys`)
  if (blocks.length > 1) throw malformed('it holds more than a private key')
  return toKey(only)
}

function isKey(block: PemBlock): block is PemBlock & { readonly label: KeyLabel } {
  return Object.hasOwn(FORMS, block.label)
}

function toKey({ label, der }: { readonly label: KeyLabel; readonly der: Buffer }): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type: FORMS[label] })
  } catch {
    throw malformed(`its ${label} cannot be read`) // the library's words may tell of the key
  }
}

function malformed(problem: string): AppError {
  return new AppError('request.malformed', problem)
}
