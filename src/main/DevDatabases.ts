import { join } from "node:path"
import { Effect, Option, type Redacted } from "effect"
import { attach } from "../ingest/Attach.ts"
import { noHistory } from "../ingest/History.ts"
import { type EmbeddedPostgres, makeEmbeddedPostgres } from "../postgres/EmbeddedPostgres.ts"
import { connectPg } from "../postgres/PgSession.ts"
import { demoSource, demoTarget, prepareDemo } from "./demo/PrepareDemo.ts"
import { attachOptions } from "./parts/Capturing.ts"
import type { SettingsValue } from "./Settings.ts"

/** Where the dev shape's databases are. */
export interface DevDatabases {
  readonly source: Redacted.Redacted
  readonly targets: Readonly<Record<string, Redacted.Redacted>>
  readonly control: Redacted.Redacted
  /** Whether the source is the embedded demo shop. */
  readonly demo: boolean
}

const controlDatabase = "walstream"

const ensureDatabase = Effect.fnUntraced(function* (server: EmbeddedPostgres, name: string) {
  const admin = yield* connectPg({ url: server.url("postgres"), applicationName: "walstream" })
  const found = yield* admin.query("SELECT FROM pg_catalog.pg_database WHERE datname = $1", [name])
  if (found.length === 0) yield* admin.script(`CREATE DATABASE ${name}`)
}, Effect.scoped)

/** Names what the settings give, and embeds the rest: the demo shop with its copy, the control database. */
export const devDatabases = Effect.fnUntraced(function* (settings: SettingsValue) {
  const { sourceUrl, databaseUrl } = settings
  if (Option.isSome(sourceUrl) && Option.isSome(databaseUrl)) {
    const own: DevDatabases = {
      source: sourceUrl.value,
      targets: settings.targets,
      control: databaseUrl.value,
      demo: false
    }
    return own
  }
  const server = yield* makeEmbeddedPostgres({
    directory: join(settings.dataDir, "postgres"),
    settings: { shared_buffers: "64MB", max_connections: "100" }
  })
  if (Option.isNone(databaseUrl)) yield* ensureDatabase(server, controlDatabase)
  const control = Option.getOrElse(databaseUrl, () => server.url(controlDatabase))
  if (Option.isSome(sourceUrl)) {
    const embedded: DevDatabases = {
      source: sourceUrl.value,
      targets: settings.targets,
      control,
      demo: false
    }
    return embedded
  }
  const source = server.url(demoSource)
  yield* prepareDemo({
    url: server.url,
    attach: Effect.scoped(Effect.asVoid(attach(attachOptions(settings, source), noHistory)))
  })
  const demo: DevDatabases = {
    source,
    targets: { default: server.url(demoTarget), ...settings.targets },
    control,
    demo: true
  }
  return demo
})
