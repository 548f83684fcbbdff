import { BinaryReader } from '@bufbuild/protobuf/wire'
import { type Server, type ServerDuplexStream, status } from '@grpc/grpc-js'
import { DESCRIPTORS } from './generated/descriptors.ts'
import {
  ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from './generated/grpc/reflection/v1/reflection.ts'
import { ServerReflectionService as ServerReflectionAlphaService } from './generated/grpc/reflection/v1alpha/reflection.ts'
import { metadataSize, refuseOver, type SizeLimit } from './size-limit.ts'
import { decoderOf, failStream, streaming } from './streaming.ts'
import { type Decoded, decodedBy } from './unary.ts'

/** One proto file: its descriptor's bytes, what it imports and what it declares. */
interface ProtoFile {
  readonly bytes: Buffer
  readonly name: string
  readonly imports: readonly string[]
  readonly symbols: readonly string[]
}

export interface ReflectionOptions {
  /** Full names of the services to tell of. */
  readonly services: readonly string[]
  /** Bounds the metadata of a call. */
  readonly metadata: SizeLimit
}

type ReflectionCall = ServerDuplexStream<Decoded<ServerReflectionRequest>, ServerReflectionResponse>

/** Server reflection, v1 and v1alpha (their messages are the same on the wire). */
export function addReflectionService(server: Server, { services, metadata }: ReflectionOptions): void {
  const files = readFiles(Buffer.from(DESCRIPTORS, 'base64'))
  const requestDeserialize = decodedBy(decoderOf(ServerReflectionRequest))
  const serverReflectionInfo = streaming((call: ReflectionCall) => {
    refuseOver(metadata, metadataSize(call.metadata), 'the metadata is')
    call.on('data', (decoded: Decoded<ServerReflectionRequest>) => {
      if ('error' in decoded) failStream(call, decoded.error)
      else if (!call.write(answer(files, services, decoded.request))) call.pause() // answers that nobody takes must not pile up
    })
    call.on('drain', () => call.resume())
    call.on('end', () => call.end())
  })
  for (const { serverReflectionInfo: method } of [ServerReflectionService, ServerReflectionAlphaService]) {
    server.addService({ serverReflectionInfo: { ...method, requestDeserialize } }, { serverReflectionInfo })
  }
}

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>

function answer(
  files: readonly ProtoFile[],
  services: readonly string[],
  request: ServerReflectionRequest,
): ServerReflectionResponse {
  return { validHost: request.host, originalRequest: request, messageResponse: answerTo(files, services, request) }
}

function answerTo(files: readonly ProtoFile[], services: readonly string[], request: ServerReflectionRequest): Answer {
  const asked = request.messageRequest
  switch (asked?.$case) {
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: services.map((name) => ({ name })) } }
    case 'fileByFilename':
      return withImports(
        files,
        files.find((file) => file.name === asked.value),
      )
    case 'fileContainingSymbol':
      return withImports(
        files,
        files.find((file) => file.symbols.some((symbol) => contains(symbol, asked.value))),
      )
    default:
      return notFound()
  }
}

/** A symbol, or a member of it (`Service.Method`). */
function contains(symbol: string, asked: string): boolean {
  return asked === symbol || asked.startsWith(`${symbol}.`)
}

function withImports(files: readonly ProtoFile[], file: ProtoFile | undefined): Answer {
  if (file === undefined) return notFound()
  const found = new Set<ProtoFile>()
  const waiting = [file]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue
    found.add(next)
    const { imports } = next
    waiting.push(...files.filter((other) => imports.includes(other.name)))
  }
  return {
    $case: 'fileDescriptorResponse',
    value: { fileDescriptorProto: [...found].map((one) => one.bytes) },
  }
}

function notFound(): Answer {
  return { $case: 'errorResponse', value: { errorCode: status.NOT_FOUND, errorMessage: 'no such file or symbol' } }
}

/** A FileDescriptorSet: field 1, one FileDescriptorProto each (google/protobuf/descriptor.proto). */
function readFiles(set: Buffer): ProtoFile[] {
  return fieldsOf(set, [1]).map(({ bytes }) => {
    const fields = fieldsOf(bytes, [1, 2, 3, 4, 6])
    const texts = (field: number) =>
      fields.filter((one) => one.field === field).map((one) => one.bytes.toString('utf8'))
    const name = texts(1)[0] ?? ''
    const pack = texts(2)[0] ?? ''
    const declared = fields.filter((one) => one.field === 4 || one.field === 6)
    const symbols = declared.map((one) => `${pack}.${fieldsOf(one.bytes, [1])[0]?.bytes.toString('utf8') ?? ''}`)
    return { bytes, name, imports: texts(3), symbols }
  })
}

/** The length-delimited fields with these numbers, in order. */
function fieldsOf(message: Buffer, wanted: readonly number[]): { readonly field: number; readonly bytes: Buffer }[] {
  const reader = new BinaryReader(message)
  const found: { field: number; bytes: Buffer }[] = []
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (wireType === 2 && wanted.includes(field)) found.push({ field, bytes: Buffer.from(reader.bytes()) })
    else reader.skip(wireType, field)
  }
  return found
}
