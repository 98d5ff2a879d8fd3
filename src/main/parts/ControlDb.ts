import { Effect, Layer, type Redacted } from "effect"
import { awaitControlDatabase, controlPatience } from "../../control/AwaitControlDatabase.ts"
import { controlDatabase } from "../../control/ControlDatabase.ts"
import { checkRevision } from "../../control/Migrations.ts"

/** A connection that is lost while a role starts, or is not answered in time on a busy machine, is asked for again. */
const revisionOfOurs = Effect.retry(checkRevision, {
  schedule: controlPatience,
  while: (error) => error._tag === "MigrationFailed" && error.isRetryable
})

/** The control database as a role meets it: migrated beforehand (`walstream migrate`), or the role does not start. */
export const migratedControlDatabase = (url: Redacted.Redacted, role: string) =>
  Layer.effectDiscard(revisionOfOurs).pipe(
    Layer.provideMerge(controlDatabase({ url, applicationName: `walstream ${role}` })),
    Layer.provide(Layer.effectDiscard(awaitControlDatabase(url)))
  )
