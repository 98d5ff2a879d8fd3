import type { Profiler } from "node:inspector"
import { Session } from "node:inspector/promises"

/** Parts of a path, and whose work everything below such a file is. The first that fits counts. */
const stages: ReadonlyArray<readonly [part: string, stage: string]> = [
  ["/src/log/kafka/Sender", "Kafka: the client's send"],
  ["/@platformatic/", "Kafka: the client's send"],
  ["/src/log/kafka/", "Kafka: records"],
  ["/src/log/KafkaArchive", "Kafka: records"],
  ["/src/log/redis/", "Redis"],
  ["/ioredis/", "Redis"],
  ["/src/ingest/pgoutput/", "decode"],
  ["/src/ingest/SlotReader", "receive"],
  ["/pg-protocol/", "receive"],
  ["/pg/", "receive"],
  ["/src/ingest/Assembler", "assemble"],
  ["/src/ingest/ChunkCutter", "assemble"],
  ["/src/ingest/OpenTransaction", "assemble"],
  ["/src/ingest/", "number and publish"],
  ["/effect/", "fibers"]
]

/** Names of the engine's own that are not a file's. */
const engine: ReadonlyMap<string, string> = new Map([
  ["(garbage collector)", "garbage collection"],
  ["(program)", "native code"]
])

const own = ({ url, functionName }: Profiler.ProfileNode["callFrame"]): string | undefined =>
  engine.get(functionName) ?? stages.find(([part]) => url.includes(part))?.[1]

/** Which share of the time that the main thread worked went to each stage; all together are 1. */
const sharesOf = ({
  nodes,
  samples = [],
  timeDeltas = []
}: Profiler.Profile): ReadonlyMap<string, number> => {
  const stageOf = new Map<number, string>()
  const idle = new Set<number>()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const walk = (node: Profiler.ProfileNode, inherited: string): void => {
    // Fibers run everything: only what nobody else asked for is theirs.
    const found = own(node.callFrame)
    const stage = found === undefined || (found === "fibers" && inherited !== "other") ? inherited : found
    stageOf.set(node.id, stage)
    if (node.callFrame.functionName === "(idle)") idle.add(node.id)
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child !== undefined) walk(child, stage)
    }
  }
  const [root] = nodes
  if (root !== undefined) walk(root, "other")
  const micros = new Map<string, number>()
  let total = 0
  for (const [i, id] of samples.entries()) {
    if (idle.has(id)) continue
    // The difference is from the sample before to this one.
    const taken = timeDeltas[i + 1] ?? 0
    const stage = stageOf.get(id) ?? "other"
    micros.set(stage, (micros.get(stage) ?? 0) + taken)
    total += taken
  }
  return new Map([...micros].map(([stage, taken]) => [stage, taken / total]))
}

/** Samples what this thread does until the function that it gives is called. */
export const sampleStages = async (): Promise<() => Promise<ReadonlyMap<string, number>>> => {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: 500 })
  await session.post("Profiler.start")
  return async () => {
    const { profile } = await session.post("Profiler.stop")
    session.disconnect()
    return sharesOf(profile)
  }
}
