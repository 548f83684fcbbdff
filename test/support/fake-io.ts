import type { Io } from '../../src/cli/io.ts'

/** An Io that keeps what is written. */
export interface FakeIo extends Io {
  readonly out: () => string
  readonly err: () => string
}

/** 2026-11-21T03:00:00Z. */
export const FAKE_NOW = Date.UTC(2026, 10, 21, 3)

/** Pipes unless `terminal`; nobody can be asked unless there is an `answer`. */
export function fakeIo(given: { terminal?: boolean; env?: Record<string, string>; answer?: string } = {}): FakeIo {
  const out: string[] = []
  const err: string[] = []
  const isTerminal = given.terminal === true
  const { answer } = given
  return {
    stdout: { isTerminal, write: (text) => void out.push(text) },
    stderr: { isTerminal, write: (text) => void err.push(text) },
    env: given.env ?? {},
    now: () => FAKE_NOW,
    ask: answer === undefined ? null : async () => answer,
    out: () => out.join(''),
    err: () => err.join(''),
  }
}
