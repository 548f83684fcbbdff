import { WireReader } from './wire-reader.ts'

/** What an authorizer may do with a header field of the request or, in a refusal, of the response. */
export interface HeaderOption {
  readonly name: string
  readonly value: string
  /** The deprecated `append`; null when it was not sent, which `false` is not. */
  readonly append: boolean | null
  /** `append_action`: 0 append or add, 1 add if absent, 2 overwrite or add, 3 overwrite if there. */
  readonly action: number
}

/** What is read of an `envoy.service.auth.v3.CheckResponse`. */
export interface CheckAnswer {
  /** `google.rpc.Status`; 0 grants. */
  readonly code: number
  /** Null unless the answer has a `denied_response`; `status` 0 where it gives none. */
  readonly denied: { readonly status: number; readonly headers: readonly HeaderOption[]; readonly body: string } | null
  readonly headers: readonly HeaderOption[]
  readonly headersToRemove: readonly string[]
  /** It wants the query changed, which nobody here can do. */
  readonly changesQuery: boolean
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Throws `request.malformed` for what is no message. */
export function decodeCheckResponse(bytes: Buffer): CheckAnswer {
  const answer: Writable<CheckAnswer> = { code: 0, denied: null, headers: [], headersToRemove: [], changesQuery: false }
  const message = new WireReader(bytes)
  while (!message.done) {
    const tag = message.tag()
    const field = tag >>> 3
    if (field === 1) answer.code = readNumber(message.message(tag, 'status'), answer.code)
    else if (field === 2) answer.denied = readDenied(message.message(tag, 'denied_response'))
    else if (field === 3) readOk(message.message(tag, 'ok_response'), answer)
    else message.passOver(tag)
  }
  return answer
}

function readOk(ok: WireReader, answer: Writable<CheckAnswer>): void {
  const headers: HeaderOption[] = []
  const headersToRemove: string[] = []
  while (!ok.done) {
    const tag = ok.tag()
    const field = tag >>> 3
    if (field === 2) headers.push(readOption(ok.message(tag, 'headers')))
    else if (field === 5) headersToRemove.push(ok.text(tag, 'headers_to_remove'))
    else {
      if (field === 7 || field === 8) answer.changesQuery = true
      ok.passOver(tag)
    }
  }
  answer.headers = headers
  answer.headersToRemove = headersToRemove
}

function readDenied(denied: WireReader): NonNullable<CheckAnswer['denied']> {
  const headers: HeaderOption[] = []
  let [status, body] = [0, '']
  while (!denied.done) {
    const tag = denied.tag()
    const field = tag >>> 3
    if (field === 1) status = readNumber(denied.message(tag, 'denied_response.status'), status)
    else if (field === 2) headers.push(readOption(denied.message(tag, 'denied_response.headers')))
    else if (field === 3) body = denied.text(tag, 'denied_response.body')
    else denied.passOver(tag)
  }
  return { status, headers, body }
}

/** The first field of `google.rpc.Status`, of `HttpStatus` and of `BoolValue`. */
function readNumber(message: WireReader, before: number): number {
  let value = before
  while (!message.done) {
    const tag = message.tag()
    if (tag >>> 3 === 1) value = message.int64(tag, 'code')
    else message.passOver(tag)
  }
  return value
}

function readOption(option: WireReader): HeaderOption {
  const read: Writable<HeaderOption> = { name: '', value: '', append: null, action: 0 }
  while (!option.done) {
    const tag = option.tag()
    const field = tag >>> 3
    if (field === 1) readField(option.message(tag, 'header'), read)
    else if (field === 2) read.append = readNumber(option.message(tag, 'append'), 0) !== 0
    else if (field === 3) read.action = option.int64(tag, 'append_action')
    else option.passOver(tag)
  }
  return read
}

/** A `HeaderValue`: `raw_value` counts where it is sent. */
function readField(header: WireReader, read: Writable<HeaderOption>): void {
  let raw = ''
  while (!header.done) {
    const tag = header.tag()
    const field = tag >>> 3
    if (field === 1) read.name = header.text(tag, 'header.key').toLowerCase()
    else if (field === 2) read.value = header.text(tag, 'header.value')
    else if (field === 3) raw = header.text(tag, 'header.raw_value')
    else header.passOver(tag)
  }
  if (raw !== '') read.value = raw
}
