/** Fields of a log line; never a token, a key or CSR bytes. */
export type LogFields = Readonly<Record<string, unknown>>

/** The log port: an event name (`cert.issued`) and its fields. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

/** A log that says nothing, for tests and for commands on files. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
