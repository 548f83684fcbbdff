import type { Command } from 'commander'
import { type Client, openClient } from './client.ts'
import { CommandError } from './command-error.ts'
import type { Io } from './io.ts'
import { itemsOf, type Json, type JsonObject } from './json.ts'
import { type Column, layTable } from './layout.ts'
import { toSafeJson, toSafeText } from './safe-text.ts'
import { type Style, toStyle } from './style.ts'
import { parseTarget, type TargetOptions } from './target.ts'

/** How every command prints its result. */
export const FORMS: readonly string[] = ['table', 'json']

/** The options that every command takes. */
interface GlobalOptions extends TargetOptions {
  readonly output: string
  readonly verbose?: boolean
}

/** One run of one command: its server, and how its result is shown. */
export interface Session {
  readonly io: Io
  readonly options: GlobalOptions
  readonly style: Style
  /** Opened on first use: commands on files alone need no server. */
  readonly client: () => Client
  /** The result: `value` as JSON, or `view()` for people. */
  readonly show: (value: unknown, view: () => string) => void
  /** A list `{ items, next }`, with how to go on when there is more. */
  readonly showList: (list: JsonObject, columns: readonly Column<JsonObject>[]) => void
}

/** The session of `command`, whose options have been parsed; `more` are forms that it prints beside the usual ones. */
export function openSession(io: Io, command: Command, more: readonly string[] = []): Session {
  const options = command.optsWithGlobals<GlobalOptions>()
  const forms = [...FORMS, ...more]
  if (!forms.includes(options.output)) {
    throw CommandError.of('usage', `--output takes ${forms.join(', ')}, not \`${options.output}\``)
  }
  const style = toStyle(io, io.stdout)
  const show = (value: unknown, view: () => string) => {
    io.stdout.write(options.output === 'json' ? `${toSafeJson(value)}\n` : view())
  }
  return {
    io,
    options,
    style,
    client: () => openClient(parseTarget(options)),
    show,
    showList: (list, columns) => {
      show(list, () => layTable(columns, itemsOf(list), style))
      if (options.output === 'table') tellMore(io, list.next)
    },
  }
}

function tellMore(io: Io, next: Json | undefined): void {
  if (typeof next !== 'string') return
  io.stderr.write(`there is more: go on with --after ${toSafeText(next)}\n`)
}
