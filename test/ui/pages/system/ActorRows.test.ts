import { expect, test } from "vitest"
import type { ActorJson } from "../../../../src/control/api/ActorJson.ts"
import { actorRows, jobOf, rowsToLookAt, treeFigures } from "../../../../ui/src/pages/system/ActorRows.ts"

const actor = (path: string, over: Partial<ActorJson> = {}): ActorJson => ({
  path,
  name: path.slice(path.lastIndexOf("/") + 1),
  kind: "actor",
  state: "running",
  since: "2026-01-02T03:04:05.000Z",
  restarts: 0,
  last_error: null,
  mailbox: { depth: 0, capacity: 256, overflow: "wait", dropped: 0 },
  children: [],
  ...over
})

const process = (children: ReadonlyArray<ActorJson>) => ({
  id: "1",
  role: "worker" as const,
  host: "here",
  pid: 1,
  version: "0.1.0",
  started_at: "2026-01-02T03:04:05.000Z",
  told_at: "2026-01-02T03:04:05.000Z",
  silent: false,
  actors: actor("/", { kind: "supervisor", children })
})

test("what is below a supervisor follows it, deeper", () => {
  const rows = actorRows(process([actor("/a", { children: [actor("/a/b")] }), actor("/c")]))
  expect(rows.map(({ path, depth }) => [path, depth])).toEqual([
    ["/a", 0],
    ["/a/b", 1],
    ["/c", 0]
  ])
})

test("what needs a look is shown under what supervises it, and nothing else", () => {
  const rows = actorRows(
    process([
      actor("/a", { children: [actor("/a/down", { state: "backoff" }), actor("/a/well")] }),
      actor("/full", { mailbox: { depth: 250, capacity: 256, overflow: "wait", dropped: 0 } }),
      actor("/again", { restarts: 1 }),
      // Holds one message at most, and has it: that is how it works.
      actor("/one", { mailbox: { depth: 1, capacity: 1, overflow: "drop-oldest", dropped: 4 } })
    ])
  )
  expect(rowsToLookAt(rows).map(({ path }) => path)).toEqual(["/a", "/a/down", "/full", "/again"])
})

test("figures are of all processes", () => {
  const one = process([actor("/a", { restarts: 2 }), actor("/b", { state: "failed" })])
  expect(treeFigures([one, one])).toEqual({ actors: 4, notRunning: 2, restarts: 4 })
})

test("a replay's actor is known by its name", () => {
  const id = "e93d5ba2-aa7b-4d7a-b3c6-f12deca4a31e"
  expect(jobOf(actor(`/replay/jobs/${id}-12`))).toBe(id)
  expect(jobOf(actor("/replay/jobs"))).toBeNull()
})
