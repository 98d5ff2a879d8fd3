import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Metadata, type ServiceError, status } from "@grpc/grpc-js"
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader"
import { protoDigest as digestOfFiles } from "../../scripts/generate-proto.ts"
import type { Change } from "../../src/domain/Change.ts"
import {
  failureFromWire,
  failureStatus,
  failureToWire,
  targetErrorOf
} from "../../src/replayer/FailureWire.ts"
import { protoDigest } from "../../src/replayer/generated/Descriptors.ts"
import {
  Batch,
  ForgetJobsRequest,
  ForgetJobsResponse,
  ListExpiredJobsRequest,
  ListExpiredJobsResponse,
  ReplayRequest,
  ReplayResponse,
  TargetFailure
} from "../../src/replayer/generated/walstream/v1/replayer.ts"
import { RelationNumbers, RelationTable } from "../../src/replayer/RelationWire.ts"
import { batchFromWire, batchToWire, openFromWire, openToWire } from "../../src/replayer/SessionWire.ts"
import { RandomLog } from "../log/RandomLog.ts"
import { sampleBatch, sampleFailures } from "./WireSamples.ts"

const golden = fileURLToPath(new URL("golden/", import.meta.url))

const open = openToWire("default", true, {
  jobId: "0b8e…",
  source: "shop-1f",
  epoch: 3,
  startSeq: 17,
  filterText: '[["shop.orders"],["insert"]]',
  dedupe: "job",
  onMismatch: "fail",
  skips: []
})

/** What all generated codecs have in common. */
interface Codec<A> {
  readonly encode: (message: A) => { readonly finish: () => Uint8Array }
  readonly decode: (bytes: Uint8Array) => A
}

interface Sample {
  readonly bytes: () => Buffer
  /** Read, and written again. */
  readonly rewritten: (bytes: Buffer) => Buffer
  readonly method: string
  readonly isRequest: boolean
}

const sample = <A>(method: string, side: "request" | "response", codec: Codec<A>, make: () => A): Sample => ({
  bytes: () => Buffer.from(codec.encode(make()).finish()),
  rewritten: (bytes) => Buffer.from(codec.encode(codec.decode(bytes)).finish()),
  method,
  isRequest: side === "request"
})

const request = (make: () => ReplayRequest["request"]) =>
  sample("Replay", "request", ReplayRequest, () => ({ request: make() }))

/** Every kind of message that crosses the wire, as this version writes it. */
const messages: Readonly<Record<string, Sample>> = {
  "request-open": request(() => ({ $case: "open", value: open })),
  "request-ask-position": request(() => ({ $case: "askPosition", value: {} })),
  "request-batch": request(() => ({
    $case: "batch",
    value: batchToWire(sampleBatch, new RelationNumbers())
  })),
  ...Object.fromEntries(
    sampleFailures.map((failure) => [
      `response-failed-${failure.reason._tag.toLowerCase()}`,
      sample(
        "Replay",
        "response",
        ReplayResponse,
        (): ReplayResponse => ({
          response: { $case: "failed", value: failureToWire(failure) },
          creditBytes: 99n
        })
      )
    ])
  ),
  "list-expired-jobs-request": sample("ListExpiredJobs", "request", ListExpiredJobsRequest, () => ({
    target: "default",
    after: "0b8e…",
    most: 1000
  })),
  "list-expired-jobs-response": sample("ListExpiredJobs", "response", ListExpiredJobsResponse, () => ({
    jobIds: ["0b8e…", "1c9f…"]
  })),
  "forget-jobs-request": sample("ForgetJobs", "request", ForgetJobsRequest, () => ({
    target: "default",
    jobIds: ["0b8e…", "1c9f…"]
  })),
  "forget-jobs-response": sample("ForgetJobs", "response", ForgetJobsResponse, () => ({ removed: 2n }))
}

describe("the protocol's bytes", () => {
  it("stay what they were: golden ones are read, and written the same", () => {
    const stored = readdirSync(golden).filter((file) => file.endsWith(".hex"))
    for (const [name, message] of Object.entries(messages)) {
      const written = message.bytes().toString("hex")
      // A new kind of message gets its bytes once, by GOLDEN=write; what is there is never written over.
      if (process.env["GOLDEN"] === "write" && !stored.includes(`${name}.hex`))
        writeFileSync(`${golden}${name}.hex`, `${written}\n`)
      const bytes = readFileSync(`${golden}${name}.hex`, "utf8").trim()
      assert.strictEqual(written, bytes, name)
      assert.strictEqual(message.rewritten(Buffer.from(bytes, "hex")).toString("hex"), bytes, name)
    }
  })

  it("are read and written the same by another implementation of the same files", () => {
    const root = fileURLToPath(new URL("../..", import.meta.url))
    const loaded = loadSync(`${root}/proto/walstream/v1/replayer.proto`, {
      longs: String,
      oneofs: true,
      includeDirs: [`${root}/proto`]
    })
    // The loader's map holds messages and services; this name is a service's.
    const methods = loaded["walstream.v1.Replayer"] as ServiceDefinition
    for (const [name, message] of Object.entries(messages)) {
      const method = methods[message.method]
      if (method === undefined) return assert.fail(`no method ${message.method}`)
      const bytes = message.bytes()
      const theirs = message.isRequest
        ? method.requestSerialize(method.requestDeserialize(bytes))
        : method.responseSerialize(method.responseDeserialize(bytes))
      assert.strictEqual(theirs.toString("hex"), bytes.toString("hex"), name)
    }
  })

  it("are generated from the .proto files as they are", () => {
    assert.strictEqual(protoDigest, digestOfFiles(), "run `node scripts/generate-proto.ts`")
  })

  it("with fields of a later version are read without them", () => {
    const later = Buffer.concat([
      request(() => ({ $case: "open", value: open })).bytes(),
      // Field 500, length-delimited, 3 bytes.
      Buffer.from([0xa2, 0x1f, 3, 1, 2, 3])
    ])
    assert.deepStrictEqual(ReplayRequest.decode(later), {
      request: { $case: "open", value: open }
    })
  })
})

describe("what the wire carries", () => {
  const travel = (batch: typeof sampleBatch, numbers: RelationNumbers, table: RelationTable) =>
    batchFromWire(Batch.decode(Batch.encode(batchToWire(batch, numbers)).finish()), table)

  it("comes out as it went in, with each shape told once", () => {
    const numbers = new RelationNumbers()
    const table = new RelationTable()
    assert.deepStrictEqual(travel(sampleBatch, numbers, table), sampleBatch)
    const again = batchToWire(sampleBatch, numbers)
    assert.lengthOf(again.relations, 0)
    assert.deepStrictEqual(batchFromWire(again, table), sampleBatch)
    const nothing = {
      chunks: [],
      follows: { seq: 0, ordinal: 0 },
      until: { seq: 5, ordinal: 0 },
      goesOn: false
    }
    assert.deepStrictEqual(travel(nothing, numbers, table), nothing)
  })

  it("is any history", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const log = new RandomLog({ seed, largeOneIn: 12 })
      const numbers = new RelationNumbers()
      const table = new RelationTable()
      for (let i = 0; i < 20; i++) {
        const chunks = log.transactions(5).flat()
        const batch = { ...sampleBatch, chunks }
        assert.deepStrictEqual(travel(batch, numbers, table), batch)
      }
    }
  })

  it("is every option of a session", () => {
    for (const dedupe of ["target", "job", "off"] as const) {
      for (const onMismatch of ["converge", "fail"] as const) {
        const options = {
          jobId: "job",
          source: "shop",
          epoch: 1,
          startSeq: 2,
          filterText: "[null,null]",
          dedupe,
          onMismatch,
          skips: ["i0002-0000000000000100-0000000003"]
        }
        assert.deepStrictEqual(openFromWire(openToWire("default", false, options)), options)
      }
    }
  })

  it("is every reason of a target, in an answer and in a call's status", () => {
    for (const failure of sampleFailures) {
      const answered = failureFromWire(
        TargetFailure.decode(TargetFailure.encode(failureToWire(failure)).finish())
      )
      assert.deepStrictEqual(answered.reason, failure.reason)
      const { code, details, metadata } = failureStatus(failure)
      const error: ServiceError = Object.assign(new Error(details), {
        code,
        details,
        metadata: metadata ?? new Metadata()
      })
      const ended = targetErrorOf("other", error)
      assert.deepStrictEqual([ended.target, ended.reason], ["default", failure.reason])
    }
    const foreign = new Metadata()
    foreign.set("grpc-status-details-bin", Buffer.from([255, 1, 2]))
    const error: ServiceError = Object.assign(new Error(), {
      code: status.UNAVAILABLE,
      details: "gone",
      metadata: foreign
    })
    assert.deepStrictEqual(targetErrorOf("default", error).reason, {
      _tag: "Unavailable",
      detail: "the replayer: gone"
    })
  })

  it("is refused where it cannot be right, without a word of its values", () => {
    const numbers = new RelationNumbers()
    const good = batchToWire(sampleBatch, numbers)
    const [chunk] = good.chunks
    const insert = chunk?.changes[0]?.operation
    if (chunk === undefined || insert?.$case !== "insert") return assert.fail("no insert")
    const row = insert.value.after ?? { cells: [], kinds: [] }
    const withRow = (cells: Array<string>, kinds: Array<number>) => ({
      ...good,
      chunks: [
        {
          ...chunk,
          changes: [
            {
              operation: {
                $case: "insert" as const,
                // Kinds that no version knows yet, too.
                value: { relation: 1, after: { cells, kinds: kinds as typeof row.kinds } }
              }
            }
          ]
        }
      ]
    })
    const bad: ReadonlyArray<Batch> = [
      { ...good, until: undefined },
      { ...good, relations: [] },
      { ...good, relations: good.relations.map((relation) => ({ ...relation, id: 1 })) },
      { ...good, chunks: [{ ...chunk, changes: [{ operation: undefined }] }] },
      { ...good, chunks: [{ ...chunk, commit: undefined }] },
      { ...good, chunks: [{ ...chunk, seq: 2n ** 60n }] },
      withRow(["secret"], []),
      withRow(["secret", "b", "c"], [1]),
      withRow(["secret", "b", "c"], [1, 0, 1]),
      withRow(["secret", "b", "c"], [1, 5, 1])
    ]
    for (const batch of bad) {
      try {
        batchFromWire(batch, new RelationTable())
        assert.fail("it was taken")
      } catch (error) {
        assert.instanceOf(error, RangeError)
        assert.notInclude(String(error), "secret")
      }
    }
  })

  it("keeps null, unchanged, absent and the empty text apart", () => {
    const kinds = (change: Change | undefined) =>
      change?.op === "update" ? [change.before, change.after] : []
    const travelled = travel(sampleBatch, new RelationNumbers(), new RelationTable())
    assert.deepStrictEqual(kinds(travelled.chunks[0]?.changes[3]), kinds(sampleBatch.chunks[0]?.changes[3]))
  })
})
