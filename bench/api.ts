import { readFile } from "node:fs/promises"
import { Effect, Schema } from "effect"
import { temporaryDirectory } from "../test/faults/BadInput.ts"
import { startWalStream } from "../test/faults/WalStreamProcess.ts"
import { lessIsBetter, moreIsBetter, worstOf } from "./BenchResult.ts"
import { httpLoad } from "./HttpLoad.ts"
import { percentiles } from "./Percentiles.ts"
import { cpuOf, residentOf } from "./ProcessFigures.ts"

const decodeContact = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({ url: Schema.String, username: Schema.String, password: Schema.String })
  )
)
const decodeToken = Schema.decodeUnknownSync(Schema.Struct({ access_token: Schema.String }))

/** Jobs in the list that is asked for. */
const listed = 20

/**
 * `npm run bench -- api [REQUESTS_A_SECOND] [SECONDS]`: `GET jobs` of 20 jobs from the dev shape with its demo running, without the flags
 * of `npm start`, so many a second from 64 connections, whatever became of those before. p99 is from when a request was due. Quotas are off.
 */
export const run = ([perSecond = "5000", seconds = "20"]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const dataDir = yield* temporaryDirectory
    const walstream = yield* startWalStream({
      dataDir,
      // As the control process of a deployment runs. Those of `npm start` are for little memory.
      flags: ["--disable-warning=ExperimentalWarning"],
      env: { RATE_LIMIT_READ: "0", RATE_LIMIT_WRITE: "0", RATE_LIMIT_ADDRESS: "0" }
    })
    const api = yield* walstream.ready
    for (let i = 0; i < listed; i++) yield* api.createJob({ start_time: null, name: `job ${i}` })
    const measured = yield* Effect.promise(async () => {
      const contact = decodeContact(await readFile(`${dataDir}/walstream.json`, "utf8"))
      const login = await fetch(`${contact.url}/api/v1/auth/token`, {
        method: "POST",
        body: new URLSearchParams({ username: contact.username, password: contact.password })
      })
      const { access_token: token } = decodeToken(await login.json())
      const request = `GET /api/v1/jobs HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`
      const isRight = (body: string): boolean => JSON.parse(body).items.length === listed
      const load = { url: contact.url, request, connections: 64, isRight }
      await httpLoad({ ...load, perSecond: 2000, seconds: 4 })
      const before = await cpuOf(walstream.pid)
      const began = performance.now()
      const done = await httpLoad({ ...load, perSecond: Number(perSecond), seconds: Number(seconds) })
      const took = (performance.now() - began) / 1000
      const cpu = (await cpuOf(walstream.pid)) - before
      return { ...done, took, cpu, memory: await residentOf(walstream.pid) }
    })
    const { millis, statuses, wrong, took, cpu, memory } = measured
    const { count, p50, p99, max } = percentiles(millis)
    console.error(
      `statuses ${JSON.stringify(statuses)}, ${wrong} wrong; p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, most ${max.toFixed(1)} ms; ` +
        `${Math.round((cpu * 1e6) / count)} microseconds of CPU each; ${Math.round(memory)} MiB`
    )
    const good = statuses[200] ?? 0
    return worstOf("api", "requests a second; ms", [
      moreIsBetter("GET jobs, answered with 200", good / took, Number(perSecond)),
      lessIsBetter("GET jobs, p99", p99, 50)
    ])
  }).pipe(Effect.scoped, Effect.runPromise)
