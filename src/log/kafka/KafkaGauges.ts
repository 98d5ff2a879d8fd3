import { Context } from "effect"

/** What an operator watches of the Kafka archive in this process. */
export interface KafkaFigures {
  /**
   * Since when the broker has not taken what is to be stored, or was not reached at all, in ms; null when it has all. A
   * send is tried for ever.
   */
  readonly waitsSince: number | null
  /** Changes that it has taken since the start, of transactions that it has whole. */
  readonly published: number
  /** Since the start: records stored twice, records of an unfinished life, and records that are none of ours. */
  readonly passed: { readonly repeats: number; readonly leftovers: number; readonly foreign: number }
}

/** Null where the archive is not in Kafka. */
export const KafkaGauges = Context.Reference<{ readonly read: () => KafkaFigures | null }>(
  "walstream/log/KafkaGauges",
  { defaultValue: () => ({ read: () => null }) }
)
