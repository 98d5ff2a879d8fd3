import { Effect, type Redacted, Schedule, Schema } from "effect"
import { connectPg } from "../postgres/PgSession.ts"
import { connectionFinding } from "./doctor/ConnectionFinding.ts"

/** The control database cannot be used: without it nothing runs. */
class NoControlDatabase extends Schema.TaggedError<NoControlDatabase>()("NoControlDatabase", {
  detail: Schema.String,
  fix: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    return this.detail
  }
}

/** For one that is started beside us: longer, and whoever starts us should know. */
export const controlPatience = Schedule.spaced("500 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))

/** Waits a short while for the control database to answer. What does not pass by itself fails at once. */
export const awaitControlDatabase = (url: Redacted.Redacted): Effect.Effect<void, NoControlDatabase> =>
  connectPg({ url, applicationName: "walstream" }).pipe(
    Effect.scoped,
    Effect.asVoid,
    Effect.retry({ schedule: controlPatience, while: (error) => error.failure === "unavailable" }),
    Effect.mapError((error) => {
      const { message, fix } = connectionFinding("the control database", "DATABASE_URL", error)
      return new NoControlDatabase({ detail: message, fix })
    })
  )
