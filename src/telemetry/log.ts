import { type DestinationStream, type LevelWithSilent, type LoggerOptions, pino, stdSerializers } from 'pino'
import type { Log, LogFields } from '../kernel/log.ts'

const STANDARD_ERROR = 2
/** Lines are written together: a write for each certificate would cost more than the line. */
const WRITE_AT_BYTES = 4_096
const WRITE_AFTER_MS = 100
/** What may wait while nobody reads; beyond that lines are lost, and memory is not. */
const MAX_WAITING_BYTES = 16 * 1_048_576

/** Fields that no line may show, whoever put them there. */
const SECRET_FIELDS = ['token', 'authorization', 'key', 'csr', 'passphrase', 'joinToken'] as const
const CENSORED = '[redacted]'

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
  return { log: toLog(pino(loggerOptions(options.level), destination)), flush: () => destination.flushSync() }
}

async function openPretty(options: LogOptions): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    colorize: process.env.NO_COLOR === undefined,
    destination: options.destination ?? STANDARD_ERROR,
    sync: true,
    messageKey: 'event',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  })
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
