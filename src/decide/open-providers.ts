import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { printable } from '../kernel/printable.ts'
import type { Question } from '../policy/request.ts'
import type { AskProvider, ProviderAnswer } from './provider.ts'
import { type Provider, ProviderError } from './provider-answer.ts'
import { openHttpProvider } from './provider-http.ts'
import type { GrpcProviderOptions, ProviderOptions } from './provider-options.ts'
import { type ProviderTls, readProviderTls } from './provider-tls.ts'

export type AskOutcome = 'granted' | 'refused' | 'failed'

export interface ProvidersDeps {
  readonly openGrpc: (options: GrpcProviderOptions, tls: ProviderTls | null) => Provider
  readonly clock: Clock
  readonly log: Log
  /** Called for every question; `provider` is a configured name. */
  readonly asked: (provider: string, outcome: AskOutcome, seconds: number) => void
}

/** The configured providers, ready to be asked. */
export interface Providers {
  readonly ask: AskProvider
  readonly names: readonly string[]
  close(): void
}

/** Questions to one provider that may wait for its answer; beyond that they are refused at once. */
const MAX_ASKED = 1_024

interface Open {
  readonly options: ProviderOptions
  readonly provider: Provider
  waiting: number
  failing: boolean
}

/** Opens what `mesh.extensionProviders` names; throws `StartupError` where its files cannot be used. */
export function openProviders(all: readonly ProviderOptions[], deps: ProvidersDeps): Providers {
  const providers = new Map(all.map((options) => [options.name, openOne(options, deps)]))
  return {
    async ask(name, question) {
      const open = providers.get(name)
      if (open === undefined) return refusal(403, `there is no provider \`${printable(name)}\``)
      return askOne(open, question, deps)
    },
    names: [...providers.keys()],
    close() {
      for (const { provider } of providers.values()) provider.close()
    },
  }
}

function openOne(options: ProviderOptions, { openGrpc }: ProvidersDeps): Open {
  const tls = options.tls === undefined ? null : readProviderTls(options.name, options.tls)
  const provider = 'grpc' in options ? openGrpc(options, tls) : openHttpProvider(options, tls)
  return { options, provider, waiting: 0, failing: false }
}

async function askOne(open: Open, question: Question, deps: ProvidersDeps): Promise<ProviderAnswer> {
  const { name, statusOnError } = open.options
  const before = deps.clock.monotonic()
  const done = (outcome: AskOutcome) => deps.asked(name, outcome, (deps.clock.monotonic() - before) / 1000)
  open.waiting++
  try {
    if (open.waiting > MAX_ASKED) throw new ProviderError(`more than ${MAX_ASKED} questions wait for it`)
    const answer = await open.provider.ask(question)
    done(answer.granted ? 'granted' : 'refused')
    if (open.failing) deps.log.info('provider.recovered', { provider: name })
    open.failing = false
    return answer
  } catch (error) {
    done('failed')
    const why = reasonOf(error)
    if (!open.failing) deps.log.warn('provider.failing', { provider: name, message: why })
    open.failing = true
    return refusal(statusOnError, `the provider \`${printable(name)}\` could not be asked: ${why}`)
  } finally {
    open.waiting--
  }
}

function refusal(status: number, reason: string): ProviderAnswer {
  return { granted: false, status, headers: [], body: '', reason }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error))
  return error.name === 'AbortError' || error.name === 'TimeoutError' ? 'no answer in time' : printable(error.message)
}
