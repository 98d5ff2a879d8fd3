import { describe, expect, it } from "vitest"
import type { RouteName } from "../../../src/control/api/RouteRoles.ts"
import type { Api } from "../../../ui/src/api/Api.ts"
import { problemOf } from "../../../ui/src/api/ApiProblem.ts"
import { curlText } from "../../../ui/src/lib/Curl.ts"
import { dragged, gripAt } from "../../../ui/src/pages/newjob/BrushMath.ts"
import { createJob } from "../../../ui/src/pages/newjob/CreateJob.ts"
import { addressOf, emptyForm, formIn, type JobForm, newJobOf } from "../../../ui/src/pages/newjob/Form.ts"
import { exampleJob } from "../JobExample.ts"

describe("a window that is dragged", () => {
  const held = { from: 0.4, until: 0.6 }

  it("is taken by its ends, moved by its middle, and begun anew beside it", () => {
    expect(gripAt(0.405, held)).toBe("from")
    expect(gripAt(0.595, held)).toBe("until")
    expect(gripAt(0.5, held)).toBe("move")
    expect(gripAt(0.2, held)).toBe("new")
    expect(gripAt(0.5, null)).toBe("new")
  })

  it("may be drawn from either side", () => {
    expect(dragged("new", held, 0.7, 0.2)).toEqual({ from: 0.2, until: 0.7 })
    expect(dragged("from", held, 0.4, 0.9)).toEqual({ from: 0.6, until: 0.9 })
  })

  it("keeps its length when it is moved, and never leaves the picture", () => {
    const moved = dragged("move", held, 0.5, 2)
    expect(moved.until).toBeCloseTo(1)
    expect(moved.until - moved.from).toBeCloseTo(0.2)
    for (const at of [-3, 0.1, 0.5, 7]) {
      for (const grip of ["new", "from", "until", "move"] as const) {
        const { from, until } = dragged(grip, held, 0.5, at)
        expect(from).toBeGreaterThanOrEqual(0)
        expect(until).toBeLessThanOrEqual(1)
        expect(from).toBeLessThanOrEqual(until)
      }
    }
  })
})

describe("a form in its address", () => {
  const full: JobForm = {
    name: "Night & day, again",
    start: "2026-11-22T10:00:00.000Z",
    end: null,
    follow: true,
    speed: "max",
    tables: ["public.orders", "a.b"],
    operations: ["insert", "delete"],
    target: "staging",
    dryRun: true,
    maxGapSeconds: 30,
    dedupe: "off",
    onMismatch: "fail"
  }

  it("comes back as it was", () => {
    for (const form of [
      full,
      emptyForm,
      { ...full, speed: 0.5, end: "2026-11-22T11:00:00.000Z", follow: false }
    ]) {
      expect(formIn(addressOf(form))).toEqual(form)
    }
  })

  it("is empty where it cannot be read", () => {
    const odd = { start: "yesterday", end: "x", speed: "fast", operations: "explode", gap: "-3" }
    expect(formIn({ ...addressOf(emptyForm), ...odd })).toEqual(emptyForm)
  })
})

describe("a replay that is made and started", () => {
  const api = (answers: Partial<Record<RouteName, unknown>>): Pick<Api, "call"> => ({
    // As the contract's routes would answer.
    call: (async (route: RouteName) => {
      const answer = answers[route]
      if (answer instanceof Error) throw answer
      return answer
    }) as Api["call"]
  })
  const refused = problemOf(503, { type: "x/unavailable", title: "Not now" })

  it("is there although it did not start", async () => {
    const held = api({ "jobs.create": exampleJob, "jobs.start": refused })
    expect(await createJob(held, newJobOf(emptyForm), "k", true)).toEqual({
      job: exampleJob,
      notStarted: refused
    })
    expect(await createJob(held, newJobOf(emptyForm), "k", false)).toEqual({
      job: exampleJob,
      notStarted: null
    })
  })

  it("is not there where it was refused", async () => {
    const making = createJob(api({ "jobs.create": refused }), newJobOf(emptyForm), "k", true)
    await expect(making).rejects.toBe(refused)
  })
})

describe("the request of a form", () => {
  it("says only what differs from what the server takes by itself", () => {
    expect(newJobOf(emptyForm)).toEqual({ start_time: null, speed_factor: 1, target: "default" })
  })

  it("a following replay has no end", () => {
    const end = "2026-11-22T10:00:00Z"
    expect(newJobOf({ ...emptyForm, end })).toMatchObject({ end_time: end })
    expect(newJobOf({ ...emptyForm, end, follow: true })).not.toHaveProperty("end_time")
  })

  it("as a command it survives any name, and shows no token", () => {
    const text = curlText({ method: "POST", path: "/jobs", body: { name: "it's $HOME" } }, "http://x")
    expect(text).toContain(`-d '{"name":"it'\\''s $HOME"}'`)
    expect(text).toContain("Bearer $WALSTREAM_API_KEY")
  })
})
