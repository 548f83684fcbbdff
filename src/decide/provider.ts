import type { Question } from '../policy/request.ts'

/** What an external authorizer (Istio's extension provider) said. */
export type ProviderAnswer =
  /**
   * It let the request pass, with header fields for the workload: those of `remove` go, then those of `headers` replace
   * fields of the same name (a name may stand there several times). Names are in lower case.
   */
  | {
      readonly granted: true
      readonly headers: readonly (readonly [name: string, value: string])[]
      readonly remove?: readonly string[]
    }
  /** It refused, or could not be asked: the status and, where it gave them, header fields and body for the client. */
  | {
      readonly granted: false
      readonly status: number
      readonly headers: readonly (readonly [name: string, value: string])[]
      readonly body: string
      /** One line for people: its refusal, or why it could not be asked. */
      readonly reason: string
    }

/** Asks the provider a CUSTOM policy names. Never rejects: what goes wrong is a refusal (403). */
export type AskProvider = (provider: string, question: Question) => Promise<ProviderAnswer>
