import type { LogErrorReason } from "../LogError.ts"

/** A topic's settings by name, as the broker tells them. */
export type TopicSettings = ReadonlyMap<string, string>

export interface TopicShape {
  readonly topic: string
  readonly settings: TopicSettings
  /** Of the partition with the fewest. */
  readonly replicas: number
}

const forEver = "9223372036854775807"

interface Rule {
  readonly setting: string
  readonly wanted: string
  readonly why: string
  readonly holds?: (value: string, shape: TopicShape) => boolean
}

const common: ReadonlyArray<Rule> = [
  {
    setting: "unclean.leader.election.enable",
    wanted: "false",
    why: "a replica that lags behind may become the leader, and what it lacks is lost"
  },
  {
    setting: "min.insync.replicas",
    wanted: "2",
    why: "a record counts as stored while one broker alone has it",
    holds: (value, { replicas }) => replicas < 2 || Number(value) >= 2
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

/** Why the topic would lose or wedge, and the command that mends it; undefined when it is fine. */
const violated = (shape: TopicShape, rules: ReadonlyArray<Rule>): LogErrorReason | undefined => {
  for (const { setting, wanted, why, holds } of rules) {
    const value = shape.settings.get(setting)
    // A broker that does not know a setting cannot do what it is about.
    if (value === undefined || (holds === undefined ? value === wanted : holds(value, shape))) continue
    return {
      _tag: "Unsuited",
      detail: `topic ${shape.topic} has ${setting}=${value}: ${why}`,
      fix: `kafka-configs.sh --alter --topic ${shape.topic} --add-config ${setting}=${wanted}`
    }
  }
  return undefined
}

export const wrongForChanges = (shape: TopicShape) => violated(shape, changes)
export const wrongForMeta = (shape: TopicShape) => violated(shape, meta)

/** What a new topic gets. */
export const settingsForChanges = (
  replicas: number,
  retentionMs: number | undefined,
  retentionBytes: number | undefined
): ReadonlyMap<string, string> =>
  new Map([
    ["cleanup.policy", "delete"],
    ["message.timestamp.type", "CreateTime"],
    ["message.timestamp.after.max.ms", forEver],
    ["message.timestamp.before.max.ms", forEver],
    ["unclean.leader.election.enable", "false"],
    ["min.insync.replicas", replicas > 1 ? "2" : "1"],
    ["retention.ms", String(retentionMs ?? -1)],
    ["retention.bytes", String(retentionBytes ?? -1)]
  ])

/** Small segments, cleaned early: every process reads it whole when it starts. */
export const settingsForMeta = (replicas: number): ReadonlyMap<string, string> =>
  new Map([
    ["cleanup.policy", "compact"],
    ["unclean.leader.election.enable", "false"],
    ["min.insync.replicas", replicas > 1 ? "2" : "1"],
    ["segment.bytes", String(4 * 1024 * 1024)],
    ["min.cleanable.dirty.ratio", "0.1"]
  ])
