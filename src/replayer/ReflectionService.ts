import { fromBinary, toBinary } from "@bufbuild/protobuf"
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema
} from "@bufbuild/protobuf/wkt"
import { status, type UntypedServiceImplementation } from "@grpc/grpc-js"
import { descriptors } from "./generated/Descriptors.ts"
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
  ServerReflectionServer
} from "./generated/grpc/reflection/v1/reflection.ts"

type Answer = ServerReflectionResponse["messageResponse"]

/** Fully qualified names of what a message declares, itself first. */
const declared = (message: DescriptorProto, within: string): ReadonlyArray<string> => {
  const name = `${within}.${message.name}`
  return [
    name,
    ...message.field.map((field) => `${name}.${field.name}`),
    ...message.enumType.map((nested) => `${name}.${nested.name}`),
    ...message.nestedType.flatMap((nested) => declared(nested, name))
  ]
}

const symbols = (file: FileDescriptorProto): ReadonlyArray<string> => [
  ...file.messageType.flatMap((message) => declared(message, file.package)),
  ...file.enumType.map(({ name }) => `${file.package}.${name}`),
  ...file.service.flatMap((service) => {
    const name = `${file.package}.${service.name}`
    return [name, ...service.method.map((method) => `${name}.${method.name}`)]
  })
]

interface Index {
  readonly files: ReadonlyMap<string, FileDescriptorProto>
  readonly bySymbol: ReadonlyMap<string, FileDescriptorProto>
  readonly services: ReadonlyArray<string>
}

const readIndex = (): Index => {
  const { file } = fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, "base64"))
  return {
    files: new Map(file.map((one) => [one.name, one])),
    bySymbol: new Map(file.flatMap((one) => symbols(one).map((symbol) => [symbol, one]))),
    services: file.flatMap((one) => one.service.map(({ name }) => `${one.package}.${name}`))
  }
}

const error = (errorCode: status, errorMessage: string): Answer => ({
  $case: "errorResponse",
  value: { errorCode, errorMessage }
})

/** The file and all that it imports. */
const answerFile = ({ files }: Index, file: FileDescriptorProto | undefined): Answer => {
  if (file === undefined) return error(status.NOT_FOUND, "not found")
  const found = new Set<FileDescriptorProto>()
  const add = (one: FileDescriptorProto | undefined): void => {
    if (one === undefined || found.has(one)) return
    found.add(one)
    for (const name of one.dependency) add(files.get(name))
  }
  add(file)
  const fileDescriptorProto = Array.from(found, (one) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, one))
  )
  return { $case: "fileDescriptorResponse", value: { fileDescriptorProto } }
}

const answer = (index: Index, { messageRequest }: ServerReflectionRequest): Answer => {
  switch (messageRequest?.$case) {
    case "listServices":
      return {
        $case: "listServicesResponse",
        value: { service: index.services.map((name) => ({ name })) }
      }
    case "fileByFilename":
      return answerFile(index, index.files.get(messageRequest.value))
    case "fileContainingSymbol":
      return answerFile(index, index.bySymbol.get(messageRequest.value))
    case "allExtensionNumbersOfType":
      return index.bySymbol.has(messageRequest.value)
        ? {
            $case: "allExtensionNumbersResponse",
            value: { baseTypeName: messageRequest.value, extensionNumber: [] }
          }
        : error(status.NOT_FOUND, "not found")
    case "fileContainingExtension":
      return error(status.NOT_FOUND, "there are no extensions")
    case undefined:
      return error(status.INVALID_ARGUMENT, "the request asks nothing")
  }
}

/** The standard reflection service: generic clients learn from it what the server speaks. */
export const reflection = (): UntypedServiceImplementation => {
  let index: Index | undefined
  const implementation: Pick<ServerReflectionServer, "serverReflectionInfo"> = {
    serverReflectionInfo: (call) => {
      call.on("data", (request: ServerReflectionRequest) => {
        index ??= readIndex()
        call.write({
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(index, request)
        })
      })
      call.on("end", () => call.end())
    }
  }
  return { ...implementation }
}
