import { Clock, Data, Effect, Schedule } from "effect"
import type { LogError } from "../LogError.ts"
import { IdempotentProducer, isTransient, type TopicBatch } from "./IdempotentProducer.ts"
import { kafkaFault } from "./KafkaFault.ts"
import type { KafkaConnection } from "./KafkaOptions.ts"
import type { Produced } from "./ProduceRequest.ts"

export interface SenderOptions extends KafkaConnection {
  readonly topic: string
}

class SendFailed extends Data.TaggedError("SendFailed")<{ readonly cause: unknown }> {}

const again = Schedule.spaced("250 millis")

/**
 * One idempotent producer with one send outstanding, as the caller sees to. A send goes on for as long as the broker
 * is away: within it the broker removes doubles. Given up (interrupted, or refused), its outcome is unknown; the
 * producer is then thrown away, and whoever sends next has to read what is stored first.
 */
export class Sender {
  readonly #options: SenderOptions
  #producer: IdempotentProducer | undefined
  /** Since when there is something to send that the broker has not taken yet, in ms; null for nothing. */
  since: number | null = null

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Gives where in each partition its records begin. */
  send(batches: ReadonlyArray<TopicBatch>): Effect.Effect<ReadonlyArray<Produced>, LogError> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      this.since ??= now
      return this.#send(batches)
    }).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          this.since = null
        })
      ),
      Effect.mapError(({ cause }) => kafkaFault(cause, this.#options.topic)),
      Effect.onExit((exit) => (exit._tag === "Success" ? Effect.void : this.close))
    )
  }

  #send(batches: ReadonlyArray<TopicBatch>): Effect.Effect<ReadonlyArray<Produced>, SendFailed> {
    const producer = this.#producer ?? new IdempotentProducer(this.#options)
    this.#producer = producer
    const untilItAnswers = <A>(work: () => Promise<A>) =>
      Effect.tryPromise({ try: work, catch: (cause) => new SendFailed({ cause }) }).pipe(
        Effect.retry({ schedule: again, while: ({ cause }) => isTransient(cause) })
      )
    return Effect.flatMap(
      untilItAnswers(() => producer.seal(batches)),
      (sending) =>
        Effect.as(
          untilItAnswers(() => producer.attempt(sending)),
          sending.produced
        )
    )
  }

  /** Ends what is on its way, with an unknown outcome. */
  readonly close: Effect.Effect<void> = Effect.promise(async () => {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.close()
  })
}
