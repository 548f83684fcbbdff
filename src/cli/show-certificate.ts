import { existsSync } from 'node:fs'
import { problemOfSpiffeId } from '../identity/spiffe-id.ts'
import { explainPem } from '../pki/explain/explain-pem.ts'
import type { Explained, Explanation } from '../pki/explain/explained.ts'
import { toSerial } from './arguments.ts'
import { toText } from './cells.ts'
import { CommandError } from './command-error.ts'
import { itemsOf, type JsonObject } from './json.ts'
import { layFields } from './layout.ts'
import { readInput, STANDARD_INPUT } from './read-input.ts'
import { toSafeText } from './safe-text.ts'
import type { Session } from './session.ts'
import type { Style } from './style.ts'

/** The explainer refuses what is larger by its size. */
const MAX_FILE_BYTES = 4 * 1024 * 1024

/** Explains a file (`-`: standard input), or shows what the record has of a serial; a file of that name goes first. */
export async function showCertificate(session: Session, what: string): Promise<void> {
  const serial = toSerial(what)
  if (serial !== null && what !== STANDARD_INPUT && !existsSync(what)) {
    await showRecord(session, serial)
    return
  }
  const now = Math.floor(session.io.now() / 1000)
  const explanation = explainPem(await readInput(what, MAX_FILE_BYTES), { now, problemOfSpiffeId })
  session.show(explanation, () => toView(explanation, session.style))
}

async function showRecord(session: Session, serial: string): Promise<void> {
  const list = await session.client().json({ method: 'GET', path: '/v1/issued', query: { serial } })
  const items = itemsOf(list)
  if (items.length === 0) {
    throw CommandError.of('resource.not_found', `no certificate of the serial ${serial} is in the record`)
  }
  session.show({ items }, () => items.map((item) => toRecordView(item, session.style)).join('\n'))
}

function toRecordView(item: JsonObject, style: Style): string {
  return layFields(
    [
      ['Identity', toText(item.identity)],
      ['Serial', toText(item.serial)],
      ['Valid from', style.time(toText(item.notBefore))],
      ['Valid until', style.time(toText(item.notAfter))],
      ['Issued', style.time(toText(item.issuedAt))],
      ['Outcome', toText(item.outcome)],
      ['Attested by', `${toText(item.attestor)} ${toText(item.subject)}`.trim()],
      ['Asked from', toText(item.peer)],
      ['Signed by', toText(item.authority)],
      ['Key SHA-256', toText(item.spkiSha256)],
    ],
    style,
  )
}

function toView({ items, chain, others }: Explanation, style: Style): string {
  const parts = items.map((item, index) => toItemView(item, { index, items, style }))
  if (chain !== null && (chain.path.length > 1 || chain.root === 'missing'))
    parts.push(toChainView(chain, items, style))
  if (others.length > 0) parts.push(others.map((other) => `also in the file: ${toSafeText(other)}\n`).join(''))
  return parts.join('\n')
}

interface Place {
  readonly index: number
  readonly items: readonly Explained[]
  readonly style: Style
}

function toItemView(item: Explained, place: Place): string {
  const { style, items, index } = place
  const number = items.length === 1 ? '' : ` ${index + 1} of ${items.length}`
  const usages = [...item.extendedKeyUsage, ...item.keyUsage]
  const fields = layFields(
    [
      ['Identity', item.identity ?? 'none'],
      ['Subject', item.subject === '' ? 'empty' : item.subject],
      ['Names', item.sans.length === 0 ? 'none' : item.sans.join(', ')],
      ['Valid', validity(item, style)],
      ['Key', item.keyType],
      ['Issued by', issuer(item, place)],
      ['Serial', item.serial ?? undefined],
      ['May be used for', usages.length === 0 ? 'whatever: it does not say' : usages.join(', ')],
      ['Signed with', item.signatureAlgorithm],
    ],
    style,
  )
  return `${style.bold(`${toKindName(item)}${number}`)}\n${fields}${toFindingsView(item, style)}`
}

function toKindName({ kind, isCa }: Explained): string {
  if (kind === 'csr') return 'Certificate signing request'
  return isCa ? 'Authority certificate' : 'Leaf certificate'
}

function validity({ notBefore, notAfter }: Explained, style: Style): string | undefined {
  if (notBefore === null || notAfter === null) return undefined
  return `${style.time(notBefore)} until ${style.time(notAfter)}`
}

function issuer({ kind, issuer: name, signedBy }: Explained, { index }: Place): string | undefined {
  if (kind === 'csr') return undefined
  if (signedBy === index) return 'itself'
  return `${name === '' ? 'an empty name' : name}${signedBy === null ? ' (not in this file)' : ` (number ${signedBy + 1} here)`}`
}

function toFindingsView({ findings }: Explained, style: Style): string {
  if (findings.length === 0) return style.good('nothing unusual\n')
  const paint = { error: style.bad, warning: style.warn }
  return findings
    .map(({ level, code, text }) => `${paint[level](level)}: ${toSafeText(text)} ${style.dim(`[${code}]`)}\n`)
    .join('')
}

function toChainView(chain: NonNullable<Explanation['chain']>, items: readonly Explained[], style: Style): string {
  const lines = chain.path.map((index, depth) => {
    const item = items[index]
    const name = item?.identity ?? item?.subject ?? ''
    return `${'  '.repeat(depth)}${depth === 0 ? '' : 'signed by '}${toSafeText(name) || 'an empty name'} (number ${index + 1})\n`
  })
  const last = items[chain.path.at(-1) ?? 0]
  if (chain.root === 'missing' && last !== undefined) {
    lines.push(`${'  '.repeat(lines.length)}signed by ${toSafeText(last.issuer ?? '')}, which is not in this file\n`)
  }
  return `${style.bold('Chain')}\n${lines.join('')}`
}
