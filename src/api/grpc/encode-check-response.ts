import type { DryRun } from '../../policy/decision.ts'
import { type Answer, type DecisionMetadata, type Granted, type Refused, toMetadata } from '../decision-answer.ts'
import { WireWriter } from './wire-writer.ts'

const OVERWRITE_IF_EXISTS_OR_ADD = 2

/** An `envoy.service.auth.v3.CheckResponse`. The writer begins at the end, so fields stand here from last to first. */
export function encodeCheckResponse(answer: Answer): Buffer {
  const writer = new WireWriter()
  const { decided } = answer
  if (decided !== null) writer.message(4, () => writeMetadata(writer, toMetadata(decided)))
  if (answer.allowed) writer.message(3, () => writeGranted(writer, answer))
  else writer.message(2, () => writeRefused(writer, answer))
  writer.message(1, () => writer.uint(1, answer.allowed ? 0 : answer.code))
  return writer.finish()
}

/** `OkHttpResponse`. Envoy sets the path before it removes parameters from its query. */
function writeGranted(writer: WireWriter, { set, remove, removeParams, path }: Granted): void {
  for (const name of removeParams.toReversed()) writer.text(8, name)
  for (const name of remove.toReversed()) writer.text(5, name)
  for (const [name, value] of set.toReversed()) writeHeader(writer, name, value)
  if (path !== null) writeHeader(writer, ':path', path)
}

/** `DeniedHttpResponse`. */
function writeRefused(writer: WireWriter, { status, headers, body }: Refused): void {
  writer.text(3, body)
  for (const [name, value] of headers.toReversed()) writeHeader(writer, name, value)
  writer.message(1, () => writer.uint(1, status))
}

/** A `HeaderValueOption`, field 2 of both answers. */
function writeHeader(writer: WireWriter, name: string, value: string): void {
  writer.message(2, () => {
    writer.uint(3, OVERWRITE_IF_EXISTS_OR_ADD)
    writer.message(1, () => {
      writer.text(2, value)
      writer.text(1, name)
    })
  })
}

/** A `google.protobuf.Struct`, which Envoy keeps as dynamic metadata of its filter. */
function writeMetadata(writer: WireWriter, { reason, policy, dryRun, audit, version }: DecisionMetadata): void {
  writeEntry(writer, 'version', () => writer.double(2, version))
  if (audit !== undefined) writeEntry(writer, 'audit', () => writer.bool(4, audit))
  if (dryRun !== undefined) writeEntry(writer, 'dryRun', () => writer.message(5, () => writeTexts(writer, dryRun)))
  if (policy !== undefined) writeEntry(writer, 'policy', () => writeText(writer, policy))
  writeEntry(writer, 'reason', () => writeText(writer, reason))
}

function writeTexts(writer: WireWriter, texts: DryRun): void {
  for (const [key, text = ''] of Object.entries(texts)) writeEntry(writer, key, () => writeText(writer, text))
}

/** The `string_value` of a `Value`; an empty one is written too, for a `oneof` without member is no value. */
function writeText(writer: WireWriter, text: string): void {
  if (text === '') writer.message(3, () => {})
  else writer.text(3, text)
}

function writeEntry(writer: WireWriter, key: string, writeValue: () => void): void {
  writer.message(1, () => {
    writer.message(2, writeValue)
    writer.text(1, key)
  })
}
