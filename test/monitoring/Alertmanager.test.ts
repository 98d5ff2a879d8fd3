import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { until } from "../faults/Scene.ts"
import { alertmanagerServer } from "../servers/Capability.ts"
import { describeWith } from "../servers/DescribeWith.ts"

/** What is sent to an address of this machine, in order. */
const makeReceiver = Effect.gen(function* () {
  const received: Array<readonly [path: string, body: string]> = []
  const server = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const made = createServer((request, response) => {
        let body = ""
        request.on("data", (chunk) => {
          body += String(chunk)
        })
        request.on("end", () => {
          received.push([request.url ?? "", body])
          response.writeHead(202).end("{}")
        })
      })
      made.listen(0, "127.0.0.1")
      await once(made, "listening")
      return made
    }),
    (made) => Effect.promise(() => new Promise((resolve) => made.close(resolve)))
  )
  // It listens at a port.
  const { port } = server.address() as AddressInfo
  const of = (path: string) => received.filter(([at]) => at === path).map(([, body]) => body)
  return { url: `http://127.0.0.1:${port}`, of }
})

const Told = Schema.Array(
  Schema.Struct({
    labels: Schema.Record(Schema.String, Schema.String),
    status: Schema.Struct({ state: Schema.String })
  })
)
const decodeTold = Schema.decodeUnknownEffect(Told)

/** The deployed configuration, with its two secret files, and a pager on this machine. */
const makeAlertmanager = Effect.fnUntraced(function* (receiver: string) {
  const port = yield* freePort
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-alertmanager-"))),
    (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
  )
  yield* Effect.promise(async () => {
    const deployed = await readFile(new URL("../../monitoring/alertmanager.yml", import.meta.url), "utf8")
    const here = deployed
      .replaceAll("/run/secrets/", `${folder}/`)
      .replace("group_wait: 30s", "group_wait: 1s")
    await writeFile(
      join(folder, "alertmanager.yml"),
      `global: { pagerduty_url: "${receiver}/pager" }\n${here}`
    )
    await writeFile(join(folder, "pager_key"), "key-of-the-pager")
    await writeFile(join(folder, "chat_url"), `${receiver}/chat`)
  })
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        alertmanagerServer,
        [
          `--config.file=${join(folder, "alertmanager.yml")}`,
          `--storage.path=${join(folder, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`,
          "--cluster.listen-address="
        ],
        { stdio: "ignore" }
      )
    ),
    (child) =>
      Effect.promise(async () => {
        const gone = once(child, "exit")
        if (child.exitCode === null && child.kill("SIGKILL")) await gone
      })
  )
  const ask = (path: string, init: RequestInit = {}) =>
    Effect.tryPromise(async (signal) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, signal })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return response.text()
    })
  yield* until("Alertmanager is ready", Effect.as(ask("/-/ready"), true))
  return {
    send: (...alerts: ReadonlyArray<Alert>) =>
      ask("/api/v2/alerts", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(
          alerts.map(({ description, ...labels }) => ({
            labels,
            annotations: { summary: "summary", description }
          }))
        )
      }),
    told: Effect.flatMap(ask("/api/v2/alerts"), (text) => decodeTold(JSON.parse(text)))
  }
})

interface Alert {
  readonly alertname: string
  readonly severity: "critical" | "warning"
  readonly source: string
  readonly job?: string
  readonly description: string
}

const has = (bodies: ReadonlyArray<string>, ...words: ReadonlyArray<string>): boolean =>
  bodies.some((body) => words.every((word) => body.includes(word)))

describeWith("prometheus", "Alertmanager", () => {
  it.live("tells the pager what is critical, the chat of warnings, and of each source by itself", () =>
    Effect.gen(function* () {
      const receiver = yield* makeReceiver
      const manager = yield* makeAlertmanager(receiver.url)
      const [critical, warning] = [{ severity: "critical" }, { severity: "warning" }] as const
      yield* manager.send({
        alertname: "IngestorStalled",
        ...critical,
        source: "shop",
        description: "shop stands"
      })
      yield* until(
        "the pager hears of it",
        Effect.sync(() => has(receiver.of("/pager"), "shop stands", "key-of-the-pager"))
      )
      const full = { alertname: "RedisStreamNearCapacity", ...warning, source: "shop" }
      yield* manager.send(
        // The one follows from what was paged. The other is of another source.
        { alertname: "HighIngestLatency", ...warning, source: "shop", description: "shop is late" },
        { alertname: "HighIngestLatency", ...warning, source: "bank", description: "bank is late" },
        { ...full, job: "one", description: "one is full" },
        { ...full, job: "two", description: "two is full" }
      )
      yield* until(
        "the chat hears of them",
        Effect.sync(() => {
          const chat = receiver.of("/chat")
          return has(chat, "bank is late") && has(chat, "one is full", "two is full")
        })
      )
      const suppressed = (yield* manager.told).filter(({ status }) => status.state === "suppressed")
      assert.deepStrictEqual(
        suppressed.map(({ labels }) => `${labels["alertname"]} ${labels["source"]}`),
        ["HighIngestLatency shop"]
      )
      assert.isFalse(has(receiver.of("/chat"), "shop is late"))
      assert.isFalse(has(receiver.of("/chat"), "shop stands"))
      assert.strictEqual(receiver.of("/pager").length, 1)
    }).pipe(Effect.scoped)
  )
})
