import { type DestinationStream, type LevelWithSilent, type LoggerOptions, pino, stdSerializers } from 'pino'
import { toAsciiJson } from '../kernel/ascii-json.ts'
import type { Log, LogFields } from '../kernel/log.ts'

const STANDARD_ERROR = 2
/** Lines are written together: a write for each certificate would cost more than the line. */
const WRITE_AT_BYTES = 12_288
const WRITE_AFTER_MS = 100
/** What may wait while nobody reads; beyond that lines are lost, and memory is not. */
const MAX_WAITING_BYTES = 16 * 1_048_576

/** Fields that no line may show, whoever put them there. */
const SECRET_FIELDS = ['token', 'authorization', 'key', 'csr', 'passphrase', 'joinToken'] as const
const CENSORED = '[redacted]'

/** What would steer a terminal or hide text on it, in a line of JSON; what lies below U+0020 is escaped there. */
const UNSAFE = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Text for people instead of JSON lines: where standard error is a terminal. */
  readonly pretty: boolean
  /** File descriptor or file; standard error unless given. */
  readonly destination?: number | string
  /** Called when lines were lost: nobody reads, or the disk is full. */
  readonly onLost?: () => void
}

/** A log that is written out in the background, and the way to have it all written now. */
export interface OpenLog {
  readonly log: Log
  /** Writes what waits before it returns; also done when the process exits. */
  flush(): void
}

/** Opens the log: JSON lines `{ level, time, …fields, event }`, or text for people. */
export async function openLog(options: LogOptions): Promise<OpenLog> {
  if (options.pretty) return { log: toLog(pino(loggerOptions(options.level), await openPretty(options))), flush() {} }
  const destination = pino.destination({
    dest: options.destination ?? STANDARD_ERROR,
    sync: false,
    minLength: WRITE_AT_BYTES,
    periodicFlush: WRITE_AFTER_MS,
    maxLength: MAX_WAITING_BYTES,
  })
  // A full disk or a blocked reader must not stop a certificate authority.
  destination.on('error', () => options.onLost?.())
  destination.on('drop', () => options.onLost?.())
  const lines: DestinationStream = { write: (line) => void destination.write(toAsciiJson(line)) }
  const logger = pino(loggerOptions(options.level), lines)
  return { log: toLineLog(logger, lines), flush: () => destination.flushSync() }
}

async function openPretty(options: LogOptions): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  const terminal = pretty({
    colorize: process.env.NO_COLOR === undefined,
    destination: options.destination ?? STANDARD_ERROR,
    sync: true,
    messageKey: 'event',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  })
  return { write: (line) => void terminal.write(line.replace(UNSAFE, '?')) }
}

function loggerOptions(level: LevelWithSilent): LoggerOptions {
  return {
    level,
    base: null,
    messageKey: 'event',
    errorKey: 'error',
    timestamp: openTimestamp(),
    formatters: { level: (label) => ({ level: label }) },
    // Serializers cost nothing where the field is absent; pino's own redaction doubles the price of a line.
    serializers: {
      error: stdSerializers.err,
      ...Object.fromEntries(SECRET_FIELDS.map((name) => [name, () => CENSORED])),
    },
  }
}

/** The time as pino wants it, formatted once for each millisecond. */
function openTimestamp(): () => string {
  let at = Number.NaN
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      text = `,"time":"${new Date(now).toISOString()}"`
    }
    return text
  }
}

function toLog(logger: pino.Logger): Log {
  const write =
    (level: keyof Log) =>
    (event: string, fields: LogFields = {}) =>
      logger[level](fields, event)
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** Fields that pino's serializers have to see. */
const SERIALIZED: ReadonlySet<string> = new Set(['error', ...SECRET_FIELDS])

/**
 * The same lines for a fifth of the price where no field needs a serializer: one is written for each certificate.
 * What JSON.stringify cannot do (cycles, bigints) is left to pino as well.
 */
function toLineLog(logger: pino.Logger, lines: DestinationStream): Log {
  const time = openTimestamp()
  const write =
    (level: keyof Log) =>
    (event: string, fields: LogFields = {}) => {
      if (!logger.isLevelEnabled(level)) return
      const text = plainJson(fields)
      if (text === null) logger[level](fields, event)
      else lines.write(`{"level":"${level}"${time()}${text},"event":${JSON.stringify(event)}}\n`)
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** The members of `fields` as JSON behind a comma; null when pino has to write them. */
function plainJson(fields: LogFields): string | null {
  for (const name in fields) if (SERIALIZED.has(name)) return null
  try {
    const json = JSON.stringify(fields)
    return json === '{}' ? '' : `,${json.slice(1, -1)}`
  } catch {
    return null // not plain: pino knows how
  }
}
