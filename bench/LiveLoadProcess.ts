import { writeSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import { httpLoad } from "./HttpLoad.ts"
import { openWatchers } from "./LiveWatchers.ts"
import { percentiles } from "./Percentiles.ts"

/*
 * The load of `api-live`, in a process of its own. Argument: JSON of url, tokens, sockets, requests a second, seconds, how many
 * events are due to all sockets together and how many to a transaction, and whether they take what is compressed. Writes "ready" when all sockets are
 * open, "over" when the last request was answered, then what came of it as JSON.
 */

const options = JSON.parse(process.argv[2] ?? "{}")
const { url, tokens, sockets, perSecond, seconds, due, perTransaction, isPacked, listed } = options
const { watched, counted, close } = await openWatchers({ url, tokens, count: sockets, isPacked })
writeSync(1, "ready\n")
const before = process.cpuUsage()
const request = `GET /api/v1/jobs HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${tokens[0]}\r\n\r\n`
const isRight = (body: string): boolean => JSON.parse(body).items.length === listed
const load = await httpLoad({ url, request, connections: 256, perSecond, seconds, isRight })
const { user, system } = process.cpuUsage(before)
writeSync(1, "over\n")
const patience = performance.now() + 30_000
const isAll = () => counted().events + counted().dropped + watched.missing * perTransaction >= due
while (!isAll() && performance.now() < patience) await setTimeout(50)
const { events, dropped, kinds } = counted()
const { lost, bytes, frames, wrong, missing, millis } = watched
close()
writeSync(
  1,
  `${JSON.stringify({
    statuses: load.statuses,
    requests: percentiles(load.millis),
    arrivals: percentiles(millis),
    wrong: load.wrong + wrong,
    lost,
    bytes,
    frames,
    kinds,
    events,
    dropped,
    missing: missing * perTransaction,
    cpuSeconds: (user + system) / 1e6
  })}\n`
)
