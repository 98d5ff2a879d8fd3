import { Effect, type Scope } from "effect"
import type { LogError } from "../LogError.ts"
import { fileError } from "./FileState.ts"
import type { ThreadOptions } from "./Protocol.ts"
import { type Operations, type SqliteClient, startThread } from "./SqliteClient.ts"

/** One of the two threads over all its lives. */
export class SqliteThread<Calls extends Operations<Calls>> {
  readonly #options: ThreadOptions
  #client: SqliteClient<Calls> | null = null

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /** One life: opens the file, lets `recover` ask what it needs, takes calls, and fails when the thread ends. */
  run(life: {
    readonly recover: (client: SqliteClient<Calls>) => Effect.Effect<void, LogError>
    readonly ready: Effect.Effect<void>
  }): Effect.Effect<never, LogError, Scope.Scope> {
    return Effect.gen({ self: this }, function* () {
      const client = yield* startThread<Calls>(this.#options)
      yield* life.recover(client)
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          this.#client = client
        }),
        () =>
          Effect.sync(() => {
            this.#client = null
          })
      )
      yield* life.ready
      return yield* client.ended
    })
  }

  /** Fails with Unavailable between two lives. */
  readonly call: SqliteClient<Calls>["call"] = (call, argument, transfer) =>
    Effect.suspend(() => {
      const { file, role } = this.#options
      return this.#client === null
        ? Effect.fail(fileError({ _tag: "Unavailable", detail: `${file}: the ${role} is being restarted` }))
        : this.#client.call(call, argument, transfer)
    })
}
