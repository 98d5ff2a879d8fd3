import { Context, type Effect } from "effect"

/** What an operator watches of the Kafka archive in this process. */
export class KafkaGauges extends Context.Service<
  KafkaGauges,
  {
    /**
     * For how long the broker has not taken what is to be stored, in ms; 0 when all is. A send is tried for ever, and
     * tried again when it was given up: this is what tells of it.
     */
    readonly sendAgeMs: Effect.Effect<number>
    /** Since the start: records stored twice, records of an unfinished life, and records that are none of ours. */
    readonly passed: Effect.Effect<{
      readonly repeats: number
      readonly leftovers: number
      readonly foreign: number
    }>
  }
>()("walstream/log/KafkaGauges") {}
