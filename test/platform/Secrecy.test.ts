import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { WalstreamApi } from "../../src/control/api/WalstreamApi.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { follow, until } from "../faults/Scene.ts"
import { genericClient } from "../replayer/GenericClient.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestCollector } from "../servers/TestCollector.ts"
import { assertJobsNamed, assertRequestsNamed } from "./LogLines.ts"
import { disliked, markedTables, writeMarkedRows } from "./MarkedData.ts"
import { sendMarkedRequests } from "./MarkedRequests.ts"
import { marker, markersIn, plantSettings } from "./Markers.ts"
import { makePlatform } from "./Platform.ts"
import { type Platform, startJob } from "./Scenario.ts"

/** The same address with another password. */
const wrongly = (url: string, password: string): string => {
  const address = new URL(url)
  address.password = password
  return address.href
}

/** Every process gets a value for every secret setting, and targets that do not let it in. */
const plantEverywhere = (platform: Platform) => {
  const target = Redacted.value(platform.targetUrl)
  const refusing = {
    TARGET_WRONG_URL: wrongly(target, marker("wrong-password")),
    TARGET_NOWHERE_URL: `postgres://nobody:${marker("nowhere")}@127.0.0.1:9/nothing`
  }
  const secrets = new Set<string>()
  for (const name of platform.processes.keys()) {
    const environment = platform.environmentOf(name)
    const wrong =
      name === "worker-2"
        ? { KAFKA_PASSWORD: marker("wrong-kafka") }
        : name === "ingestor-2"
          ? { SOURCE_URL: wrongly(environment["SOURCE_URL"] ?? "", marker("wrong-source")) }
          : {}
    Object.assign(environment, refusing, wrong)
    const settings = plantSettings(environment)
    Object.assign(environment, settings.planted)
    for (const secret of settings.secrets) secrets.add(secret)
  }
  return Array.from(secrets)
}

const decodeToken = Schema.decodeUnknownSync(Schema.Struct({ access_token: Schema.String }))
const decodeKey = Schema.decodeUnknownSync(Schema.Struct({ key: Schema.String }))

const asJson = (pageUrl: string, path: string, token: string) =>
  Effect.promise(async () => {
    const answer = await fetch(`${pageUrl}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })
    return { status: answer.status, text: await answer.text() }
  })

/** Logs in, and makes a key: two more secrets. */
const makeLogins = (platform: Platform) =>
  Effect.promise(async () => {
    const { ADMIN_USERNAME: username = "", ADMIN_PASSWORD: password = "" } = platform.environmentOf("control")
    const post = (path: string, token: string, body: object | URLSearchParams) =>
      fetch(`${platform.pageUrl}/api/v1/${path}`, {
        method: "POST",
        headers: {
          ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
          ...(body instanceof URLSearchParams ? {} : { "content-type": "application/json" })
        },
        body: body instanceof URLSearchParams ? body : JSON.stringify(body)
      })
    const login = await post("auth/token", "", new URLSearchParams({ username, password }))
    const cookie = /walstream_refresh=([^;]+)/u.exec(login.headers.get("set-cookie") ?? "")?.[1] ?? ""
    const { access_token: token } = decodeToken(await login.json())
    const made = await post("api-keys", token, { name: "of this test", scopes: ["read"] })
    const { key } = decodeKey(await made.json())
    await fetch(`${platform.pageUrl}/api/v1/auth/me`, { headers: { "x-api-key": key } })
    return { token, secrets: [token, cookie, key] }
  })

/** What a person sees on the command line; it may fail. */
const command = (platform: Platform, ...words: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const { WALSTREAM_TOKEN, WALSTREAM_API_KEY, ...environment } = platform.environmentOf("control")
    const env = {
      PATH: process.env["PATH"],
      ...environment,
      WALSTREAM_URL: platform.pageUrl,
      ...(words[0] === "status" ? { WALSTREAM_TOKEN } : { WALSTREAM_API_KEY })
    }
    const run = promisify(execFile)(process.execPath, ["src/main/Cli.ts", ...words], { env })
    const { stdout, stderr } = await run.catch((failed: { stdout: string; stderr: string }) => failed)
    return stdout + stderr
  })

const systemReads = Object.values(WalstreamApi.groups.system.endpoints)
  .filter(({ method }) => method === "GET")
  .map(({ path }) => path.replace(/^\/api\/v1\//u, ""))

describeWith("kafka", "the four processes", () => {
  describeWith("redis-server", "whose data, settings and requests are full of markers", () => {
    it.live(
      "tell none of them where it has no business, whatever fails",
      () =>
        Effect.gen(function* () {
          const collector = yield* makeTestCollector
          const platform = yield* makePlatform({
            prepare: markedTables,
            targets: ["strict"],
            workers: 2,
            ingestors: 2,
            env: {
              LOG_LEVEL: "Debug",
              MAX_EVENT_RETRIES: "1",
              JOB_WORKER_COUNT: "16",
              OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
              OTEL_TRACES_SAMPLER_ARG: "1"
            },
            kafkaUser: { name: "walstream", password: marker("kafka") }
          })
          const secrets = plantEverywhere(platform)
          const first = ["ingestor", "worker", "replayer", "control"] as const
          for (const name of first) yield* platform.processOf(name).start
          const seen = (name: string, what: string | RegExp) =>
            until(
              `${name} says ${what}`,
              Effect.sync(() => new RegExp(what, "u").test(platform.processOf(name).log()))
            )

          yield* Effect.onError(
            Effect.gen(function* () {
              for (const name of first) yield* until(`${name} is ready`, platform.isReady(name))
              const api = yield* platform.api
              yield* follow(api)
              const { token, secrets: logins } = yield* makeLogins(platform)

              // Cells pass through, and are what changes fail at.
              const cells = yield* writeMarkedRows(platform)
              const spec = { start_time: null, follow: true, speed_factor: "max" }
              const failing = []
              for (const name of disliked) {
                failing.push(yield* startJob(api, { ...spec, tables: [`public.${name}`], target: "strict" }))
              }
              for (const target of ["wrong", "nowhere"]) yield* startJob(api, { ...spec, target })
              for (const { id } of failing) {
                yield* until(
                  "the job fails",
                  Effect.map(api.job(id), ({ status }) => status === "failed")
                )
              }
              const session = yield* connectPg({ url: platform.targetUrl, applicationName: "test" })
              yield* until(
                "the target has the row",
                Effect.map(session.query("SELECT marked::text AS row FROM public.marked"), ([row]) => {
                  const text = (row?.["row"] ?? "").replaceAll('""', '"')
                  return markersIn(text, cells.kept).length === cells.kept.length
                })
              )
              const events = yield* asJson(platform.pageUrl, "events/recent?limit=100", token)
              assert.sameMembers(Array.from(markersIn(events.text, cells.all)), cells.all)

              // Requests, while everything works and while the control database is away.
              const answered = yield* sendMarkedRequests(platform.pageUrl, token)
              assert.isAbove(answered.statuses.filter((status) => status >= 400 && status < 500).length, 20)
              const client = yield* genericClient(
                "proto/walstream/v1/replayer.proto",
                "walstream.v1.Replayer",
                Number(platform.environmentOf("worker")["REPLAYER_PORT"]),
                { token: marker("grpc-token") }
              )
              yield* Effect.flip(client.unary("ReplayEvent", {}))
              yield* platform.control.stop
              const unanswered = yield* sendMarkedRequests(platform.pageUrl, token)
              assert.include(unanswered.statuses, 503)
              yield* platform.control.start

              const shown = [...answered.markers, ...unanswered.markers, ...logins, ...secrets, ...cells.all]
              const assertHidden = (text: string, where: string, markers: ReadonlyArray<string> = shown) =>
                assert.deepStrictEqual(markersIn(text, markers), [], `${where} tells a marker`)

              // Answers of the API and the command line that have no business with them.
              yield* until("the control process is ready", platform.isReady("control"))
              for (const path of [...systemReads, "jobs", "audit/export.csv", "audit/export.ndjson"]) {
                const { status, text } = yield* asJson(platform.pageUrl, path, token)
                assert.strictEqual(status, 200, path)
                assertHidden(text, path)
              }
              for (const words of [["doctor"], ["status"], ["jobs", "list"]]) {
                assertHidden(yield* command(platform, ...words), words.join(" "))
              }
              for (const name of first) {
                const text = yield* Effect.promise(async () => (await fetch(platform.metricsOf(name))).text())
                assertHidden(text, `metrics of ${name}`)
              }

              // Whom Kafka, the source and Redis do not let in, and who loses them.
              const wrongRedis = marker("wrong-redis")
              const control = platform.environmentOf("control")
              control["REDIS_URL"] = wrongly(control["REDIS_URL"] ?? "", wrongRedis)
              shown.push(wrongRedis)
              yield* platform.processOf("control").stop
              for (const name of ["worker-2", "ingestor-2", "control"]) yield* platform.processOf(name).start
              yield* seen("worker-2", "the broker refuses the credentials")
              yield* platform.processOf("worker-2").kill
              yield* seen("ingestor-2", "password authentication failed")
              yield* until("the control process serves again", platform.isReady("control"))
              yield* asJson(platform.pageUrl, "jobs", token)
              yield* seen("control", "each process counts for itself")
              yield* platform.kafka.kill
              yield* platform.redis.kill
              const source = yield* connectPg({ url: platform.sourceUrl, applicationName: "test" })
              yield* source.query(`INSERT INTO public.marked (id) VALUES ('${cells.kept[0]}, late')`)
              yield* seen("ingestor", "capture waits")
              assertHidden(
                collector
                  .received()
                  .map(({ text }) => text)
                  .join(),
                "a trace"
              )
              const services = new Set(collector.spans().map(({ service }) => service))
              assert.sameMembers(
                Array.from(services),
                first.map((role) => `walstream-${role}`)
              )
              for (const [name, { log }] of platform.processes) assertHidden(log(), `the log of ${name}`)
              for (const name of ["worker", "replayer", "control"])
                assert.include(platform.processOf(name).log(), '"DEBUG"')
              assert.include(platform.processOf("worker").log(), "the job failed")
              // Of what failed each line says whose it was.
              for (const name of ["worker", "replayer"]) {
                assert.isAbove(assertJobsNamed(platform.processOf(name).log()), disliked.length)
              }
              assert.isAbove(assertRequestsNamed(platform.processOf("control").log()), 5)
            }),
            () => platform.tellLogs
          )
        }).pipe(Effect.scoped),
      { timeout: 400_000, retry: 0 }
    )
  })
})
