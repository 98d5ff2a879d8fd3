import { Admin } from "@platformatic/kafka"
import { Effect } from "effect"
import type { LogError } from "../LogError.ts"
import { attempt, hasApiId, isUnknownTopic, kafkaError } from "./KafkaFault.ts"
import { clientOptions, type KafkaArchiveOptions } from "./KafkaOptions.ts"
import {
  type Durability,
  settingsForChanges,
  settingsForMeta,
  type TopicShape,
  weakness,
  wrongForChanges,
  wrongForMeta
} from "./TopicRules.ts"

/** Kafka's number for the settings of a topic. */
const topicResource = 2
const defaultPartitions = 8
const defaultInSync = 2
const latest = -1n

export const metaTopic = (topic: string): string => `${topic}.meta`

/** The archive's two topics as they were found. */
export interface FoundTopics {
  readonly partitions: number
  readonly maxMessageBytes: number
}

type Shape = TopicShape & { readonly partitions: number }

/** Undefined for a topic that is not there. */
const shapeOf = async (admin: Admin, topic: string): Promise<Shape | undefined> => {
  try {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
    const found = topics.get(topic)
    if (found === undefined) return undefined
    const described = await admin.describeConfigs({
      resources: [{ resourceType: topicResource, resourceName: topic, configurationKeys: null }]
    })
    return {
      topic,
      settings: new Map(
        described.flatMap(({ configs }) => configs.map(({ name, value }) => [name, value ?? ""] as const))
      ),
      partitions: found.partitionsCount,
      replicas: Math.min(...found.partitions.map(({ replicas }) => replicas.length))
    }
  } catch (thrown) {
    if (isUnknownTopic(thrown)) return undefined
    throw thrown
  }
}

const create = async (
  admin: Admin,
  topic: string,
  partitions: number,
  replicas: number,
  settings: ReadonlyMap<string, string>
): Promise<void> => {
  try {
    await admin.createTopics({
      topics: [topic],
      partitions,
      replicas,
      configs: [...settings].map(([name, value]) => ({ name, value }))
    })
  } catch (thrown) {
    // Another process of ours was quicker.
    if (!hasApiId(thrown, "TOPIC_ALREADY_EXISTS")) throw thrown
  }
}

/** Until the broker has told everybody, a new topic may not be found for a moment. */
const appeared = async (admin: Admin, topic: string): Promise<Shape> => {
  for (let tries = 0; tries < 100; tries++) {
    const shape = await shapeOf(admin, topic)
    if (shape !== undefined) return shape
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`topic ${topic} was created and is not there`)
}

/** Whether nothing was ever stored there: then it may as well be new. */
const neverUsed = async (admin: Admin, { topic, partitions }: Shape): Promise<boolean> => {
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: latest
  }))
  const listed = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] })
  return listed.every((each) => each.partitions.every(({ offset }) => offset === 0n))
}

interface Found {
  readonly changes: Shape | undefined
  readonly meta: Shape | undefined
  readonly unused: boolean
}

/** The topic of changes is made first and asked for last: its companion is not met without it. */
const look = async (admin: Admin, topic: string): Promise<Found> => {
  const meta = await shapeOf(admin, metaTopic(topic))
  const changes = await shapeOf(admin, topic)
  return { changes, meta, unused: changes === undefined || (await neverUsed(admin, changes)) }
}

/** One topic with records, the other gone. */
const isHalf = ({ changes, meta, unused }: Found): boolean =>
  meta === undefined ? !unused : changes === undefined

/** Half of an archive may be one that another process begins meanwhile, told by brokers that are not equally far. */
const settled = async (admin: Admin, topic: string): Promise<Found> => {
  let found = await look(admin, topic)
  for (let tries = 0; isHalf(found) && tries < 40; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    found = await look(admin, topic)
  }
  return found
}

/** An empty topic may have been made by its owner, with settings of his own, or by us before a crash. */
const findOrCreate = async (admin: Admin, { topic, role, create: wanted }: KafkaArchiveOptions) => {
  let { changes, meta, unused } = await settled(admin, topic)
  const isNew = meta === undefined && unused
  const { brokers } = await admin.metadata({ topics: [] })
  const inSync = wanted?.minInsyncReplicas ?? defaultInSync
  if (isNew && role === "writer") {
    const replicas = wanted?.replicationFactor ?? Math.min(3, brokers.size)
    if (changes === undefined) {
      const settings = settingsForChanges(replicas, inSync, wanted?.retentionMs, wanted?.retentionBytes)
      await create(admin, topic, wanted?.partitions ?? defaultPartitions, replicas, settings)
      changes = await appeared(admin, topic)
    }
    await create(admin, metaTopic(topic), 1, replicas, settingsForMeta(replicas, inSync))
    meta = await appeared(admin, metaTopic(topic))
  }
  return { changes, meta, isNew, brokers: brokers.size }
}

/** Finds the topics, makes them where there are none yet, and refuses what would lose or wedge. */
export const openTopics = Effect.fnUntraced(function* (
  options: KafkaArchiveOptions
): Effect.fn.Return<FoundTopics, LogError> {
  const { topic } = options
  const { changes, meta, isNew, brokers } = yield* Effect.acquireUseRelease(
    Effect.sync(() => new Admin({ ...clientOptions(options), retries: 1 })),
    (admin) => attempt(topic, () => findOrCreate(admin, options)),
    (admin) => Effect.promise(() => admin.close().catch(() => undefined))
  )
  if (changes === undefined || meta === undefined) {
    if (isNew) {
      return yield* kafkaError({
        _tag: "Unavailable",
        detail: `topic ${topic} is not there yet: no ingestor has begun it`
      })
    }
    const [there, gone] = changes === undefined ? [metaTopic(topic), topic] : [topic, metaTopic(topic)]
    return yield* kafkaError({ _tag: "Corrupt", detail: `topic ${there} is there, but ${gone} was deleted` })
  }
  const durability: Durability = {
    replicas: options.create?.replicationFactor ?? 1,
    inSync: options.create?.minInsyncReplicas ?? defaultInSync
  }
  const wrong = wrongForChanges(changes, durability) ?? wrongForMeta(meta, durability)
  if (wrong !== undefined) return yield* kafkaError(wrong)
  const weak = weakness(changes, brokers) ?? weakness(meta, brokers)
  if (weak !== undefined && options.role === "writer") yield* Effect.logWarning(weak)
  if (meta.partitions !== 1) {
    const detail = `topic ${metaTopic(topic)} has ${meta.partitions} partitions: its order would be lost`
    return yield* kafkaError({ _tag: "Unsuited", detail, fix: "let WalStream make this topic" })
  }
  const maxMessageBytes = Number(changes.settings.get("max.message.bytes") ?? 1_048_588)
  return { partitions: changes.partitions, maxMessageBytes }
})
