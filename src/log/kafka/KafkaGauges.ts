import { Context, type Effect } from "effect"

/** What an operator watches of the Kafka archive in this process. */
export class KafkaGauges extends Context.Service<
  KafkaGauges,
  {
    /**
     * For how long the present send is on its way, in ms; 0 when there is none. A send is tried for ever: this is
     * what tells that the broker does not take it.
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
