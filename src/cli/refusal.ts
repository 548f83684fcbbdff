import { CommandError } from './command-error.ts'
import type { JsonObject } from './json.ts'

/** What a person can do about a refusal, where the server cannot know it. */
const HINTS: Readonly<Record<string, string>> = {
  'auth.missing': 'give --cert and --key, or --token',
  'auth.forbidden': 'use the admin socket, or an identity listed under `admins`',
}

/** An answer that is no success, as the refusal it tells of (RFC 9457); one that is no problem is not from our server. */
export function toRefusal(status: number, body: string): CommandError {
  if (status >= 300 && status <= 399) {
    return CommandError.of(
      'server.response_invalid',
      `the server answered with a redirect (${status}), which is not followed`,
    )
  }
  const problem = parseProblem(body)
  if (problem === null) {
    return CommandError.of(
      'server.response_invalid',
      `what answered (${status}) is not an Alcazar server: no problem document came back`,
    )
  }
  const { code, message, rest } = problem
  const hint = HINTS[code]
  return CommandError.refused(code, hint === undefined ? message : `${message}; ${hint}`, { status, ...rest })
}

interface Problem {
  readonly code: string
  readonly message: string
  readonly rest: JsonObject
}

function parseProblem(body: string): Problem | null {
  let problem: JsonObject | null
  try {
    problem = JSON.parse(body)
  } catch {
    return null
  }
  if (typeof problem !== 'object' || problem === null) return null
  const { code, title, detail, type: _type, ...rest } = problem
  if (typeof code !== 'string') return null
  const message = typeof detail === 'string' ? detail : typeof title === 'string' ? title : code
  return { code, message, rest }
}
