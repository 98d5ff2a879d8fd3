import { Layer, type Redacted } from "effect"
import { awaitControlDatabase } from "../../control/AwaitControlDatabase.ts"
import { controlDatabase } from "../../control/ControlDatabase.ts"
import { checkRevision } from "../../control/Migrations.ts"

/** The control database as a role meets it: migrated beforehand (`walstream migrate`), or the role does not start. */
export const migratedControlDatabase = (url: Redacted.Redacted, role: string) =>
  Layer.effectDiscard(checkRevision).pipe(
    Layer.provideMerge(controlDatabase({ url, applicationName: `walstream ${role}` })),
    Layer.provide(Layer.effectDiscard(awaitControlDatabase(url)))
  )
