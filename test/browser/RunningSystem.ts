import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Redacted, Scope } from "effect"
import { demoSource, demoTarget } from "../../src/main/demo/PrepareDemo.ts"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { startWalStream, type WalStreamProcess } from "../faults/WalStreamProcess.ts"

export interface RunningSystem {
  readonly url: string
  readonly username: string
  readonly password: string
  /** SIGKILL: the page loses it without a word. */
  readonly kill: () => Promise<void>
  /** On the same port, with the same data. */
  readonly start: () => Promise<void>
  /** Done at the shop that is captured, or at the copy that replays write to. */
  readonly atSource: (sql: string) => Promise<void>
  readonly atTarget: (sql: string) => Promise<void>
  /** Everything that the present life wrote. */
  readonly log: () => string
  readonly stop: () => Promise<void>
}

/** What `npm start` gives, as a process of its own: embedded databases, a shop whose customers never rest. */
export const startSystem = async (env: Readonly<Record<string, string>> = {}): Promise<RunningSystem> => {
  const dataDir = await mkdtemp(join(tmpdir(), "walstream-browser-"))
  const port = await Effect.runPromise(freePort)
  const scope = Scope.makeUnsafe()
  let life: WalStreamProcess | undefined
  const start = async () => {
    life = await Effect.runPromise(
      Scope.provide(
        startWalStream({ dataDir, env: { HTTP_PORT: String(port), DEMO_RATE: "60", ...env } }),
        scope
      )
    )
    await Effect.runPromise(life.ready)
  }
  const at = (database: string) => async (sql: string) => {
    const server = join(dataDir, "postgres")
    const password = await readFile(join(server, "password"), "utf8")
    const [, , , listens] = (await readFile(join(server, "data", "postmaster.pid"), "utf8")).split("\n")
    const url = Redacted.make(`postgres://postgres:${password}@127.0.0.1:${listens}/${database}`)
    await Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) => session.script(sql))
      )
    )
  }
  await start()
  const contact: { readonly username: string; readonly password: string } = JSON.parse(
    await readFile(join(dataDir, "walstream.json"), "utf8")
  )
  return {
    url: `http://127.0.0.1:${port}`,
    username: contact.username,
    password: contact.password,
    kill: async () => {
      if (life !== undefined) await Effect.runPromise(life.kill)
    },
    start,
    atSource: at(demoSource),
    atTarget: at(demoTarget),
    log: () => life?.log() ?? "",
    stop: async () => {
      if (life !== undefined) await Effect.runPromise(life.stop)
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await rm(dataDir, { recursive: true, force: true })
    }
  }
}
