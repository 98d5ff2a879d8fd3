import { assert } from "@effect/vitest"
import { Schema } from "effect"

const Line = Schema.Struct({
  message: Schema.Unknown,
  level: Schema.String,
  timestamp: Schema.String,
  annotations: Schema.Record(Schema.String, Schema.Unknown)
})
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Line))

/** What a process says of itself, about no request. */
const ofTheProcess = /^(?:walstream [0-9.]+ starts as |control is up|the archive is )/u

const linesOf = (log: string) =>
  log
    .split("\n")
    // The last word of a process that does not start.
    .filter((line) => line !== "" && !line.startsWith("walstream: "))
    .map((line) => decode(line))

/** Each line about a job names it; gives how many there were. */
export const assertJobsNamed = (log: string): number => {
  const about = linesOf(log).filter(({ annotations: { actor } }) =>
    /^\/(?:replay\/jobs|replayer)\//u.test(String(actor))
  )
  for (const { message, annotations } of about) {
    const said = JSON.stringify([message, annotations])
    const [, job] = /^\/replay\/jobs\/(.+)-\d+$/u.exec(String(annotations["actor"])) ?? []
    if (job === undefined) assert.match(String(annotations["job_id"]), /^[0-9a-f-]{36}$/u, said)
    else assert.strictEqual(annotations["job_id"], job, said)
  }
  return about.length
}

/** Each line that a request has caused names it and its trace; gives how many there were. */
export const assertRequestsNamed = (log: string): number => {
  const about = linesOf(log).filter(
    ({ message, annotations }) => annotations["actor"] === undefined && !ofTheProcess.test(String(message))
  )
  for (const { message, annotations } of about) {
    const said = JSON.stringify(message)
    assert.match(String(annotations["request_id"]), /^[\w.:-]{1,64}$/u, said)
    assert.match(String(annotations["trace_id"]), /^[0-9a-f]{32}$/u, said)
  }
  return about.length
}
