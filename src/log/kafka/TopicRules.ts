import type { LogErrorReason } from "../LogError.ts"

/** A topic's settings by name, as the broker tells them. */
export type TopicSettings = ReadonlyMap<string, string>

export interface TopicShape {
  readonly topic: string
  readonly settings: TopicSettings
  /** Of the partition with the fewest. */
  readonly replicas: number
}

/** How safe records must be. */
export interface Durability {
  /** How many replicas a topic must have at least. */
  readonly replicas: number
  /** How many of them must have a record before it counts as stored, where there is more than one. */
  readonly inSync: number
}

const forEver = "9223372036854775807"

interface Rule {
  readonly setting: string
  readonly wanted: string
  readonly why: string
}

const common: ReadonlyArray<Rule> = [
  {
    setting: "unclean.leader.election.enable",
    wanted: "false",
    why: "a replica that lags behind may become the leader, and what it lacks is lost"
  }
]

const changes: ReadonlyArray<Rule> = [
  {
    setting: "cleanup.policy",
    wanted: "delete",
    why: "compaction removes changes from the middle of the history"
  },
  {
    setting: "message.timestamp.type",
    wanted: "CreateTime",
    why: "the commit times would be lost"
  },
  ...["message.timestamp.after.max.ms", "message.timestamp.before.max.ms"].map((setting) => ({
    setting,
    wanted: forEver,
    why: "capture would stop when the source's clock differs from the broker's"
  })),
  ...common
]

const meta: ReadonlyArray<Rule> = [
  {
    setting: "cleanup.policy",
    wanted: "compact",
    why: "the mark, the schema versions and the incarnations would be removed with age"
  },
  ...common
]

const alter = (topic: string, setting: string, value: string | number) =>
  `kafka-configs.sh --alter --topic ${topic} --add-config ${setting}=${value}`

const unsuited = (detail: string, fix: string): LogErrorReason => ({ _tag: "Unsuited", detail, fix })

const unsafe = (
  { topic, settings, replicas }: TopicShape,
  wanted: Durability
): LogErrorReason | undefined => {
  if (replicas < wanted.replicas) {
    return unsuited(
      `topic ${topic} has ${replicas} ${replicas === 1 ? "replica" : "replicas"}, fewer than KAFKA_REPLICATION_FACTOR=${wanted.replicas}`,
      "add replicas with kafka-reassign-partitions.sh, or ask for fewer"
    )
  }
  const setting = "min.insync.replicas"
  const value = settings.get(setting)
  if (value === undefined) return undefined
  const inSync = Number(value)
  if (inSync > replicas) {
    return unsuited(
      `topic ${topic} has ${setting}=${value} and ${replicas} ${replicas === 1 ? "replica" : "replicas"}: it takes no record`,
      alter(topic, setting, Math.min(replicas, wanted.inSync))
    )
  }
  if (replicas > 1 && inSync < Math.min(wanted.inSync, replicas)) {
    const why =
      inSync === 1 ? "a record counts as stored while one broker alone has it" : "fewer than asked for"
    return unsuited(
      `topic ${topic} has ${setting}=${value}: ${why}`,
      alter(topic, setting, Math.min(wanted.inSync, replicas))
    )
  }
  return undefined
}

/** Why the topic would lose or wedge, and the command that mends it; undefined when it is fine. */
const violated = (
  shape: TopicShape,
  rules: ReadonlyArray<Rule>,
  durability: Durability
): LogErrorReason | undefined => {
  for (const { setting, wanted, why } of rules) {
    const value = shape.settings.get(setting)
    // A broker that does not know a setting cannot do what it is about.
    if (value === undefined || value === wanted) continue
    return unsuited(
      `topic ${shape.topic} has ${setting}=${value}: ${why}`,
      alter(shape.topic, setting, wanted)
    )
  }
  return unsafe(shape, durability)
}

export const wrongForChanges = (shape: TopicShape, durability: Durability) =>
  violated(shape, changes, durability)
export const wrongForMeta = (shape: TopicShape, durability: Durability) => violated(shape, meta, durability)

/** What is allowed and should be known; undefined when there is nothing to say. */
export const weakness = ({ topic, settings, replicas }: TopicShape, brokers: number): string | undefined => {
  if (replicas === 1 && brokers > 1) {
    return `topic ${topic} has one replica, though there are ${brokers} brokers: what is on that one's disk is nowhere else`
  }
  if (replicas > 1 && Number(settings.get("min.insync.replicas")) === replicas) {
    return `topic ${topic} has ${replicas} replicas, and each record must be on all of them: capture waits while any of these brokers is away`
  }
  return undefined
}

/** What a new topic gets. */
export const settingsForChanges = (
  replicas: number,
  inSync: number,
  retentionMs: number | undefined,
  retentionBytes: number | undefined
): ReadonlyMap<string, string> =>
  new Map([
    ["cleanup.policy", "delete"],
    ["message.timestamp.type", "CreateTime"],
    ["message.timestamp.after.max.ms", forEver],
    ["message.timestamp.before.max.ms", forEver],
    ["unclean.leader.election.enable", "false"],
    ["min.insync.replicas", String(Math.min(inSync, replicas))],
    ["retention.ms", String(retentionMs ?? -1)],
    ["retention.bytes", String(retentionBytes ?? -1)]
  ])

/** Small segments, cleaned early: every process reads it whole when it starts. */
export const settingsForMeta = (replicas: number, inSync: number): ReadonlyMap<string, string> =>
  new Map([
    ["cleanup.policy", "compact"],
    ["unclean.leader.election.enable", "false"],
    ["min.insync.replicas", String(Math.min(inSync, replicas))],
    ["segment.bytes", String(4 * 1024 * 1024)],
    ["min.cleanable.dirty.ratio", "0.1"]
  ])
