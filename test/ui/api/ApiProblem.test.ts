import { describe, expect, it } from "vitest"
import { asProblem, problemOf, unreachable } from "../../../ui/src/api/ApiProblem.ts"

describe("a problem", () => {
  it("has all that a page shows of it, and null for what it does not say", () => {
    const problem = problemOf(409, {
      type: "https://walstream.example/problems/invalid-transition",
      title: "Not now",
      detail: "it is completed",
      request_id: "r1",
      allowed: []
    })
    expect(problem).toMatchObject({
      status: 409,
      slug: "invalid-transition",
      requestId: "r1",
      errors: [],
      retryAfter: null,
      required: null
    })
    expect(problem.message).toBe("Not now: it is completed")
  })

  it("is told by its status where the answer is none of ours", () => {
    for (const body of [null, "<html>", { message: "gateway" }]) {
      expect(problemOf(502, body)).toMatchObject({ slug: "http", title: "The server answered 502" })
    }
  })

  it("is whatever a promise was rejected with", () => {
    expect(asProblem(unreachable)).toBe(unreachable)
    expect(asProblem(new TypeError("broken"))).toMatchObject({ status: 0, detail: "broken" })
    expect(asProblem("odd").detail).toBe("odd")
    const missed = new TypeError("Failed to fetch dynamically imported module: http://x/assets/JobsPage.js")
    expect(asProblem(missed)).toMatchObject({ slug: "not-loaded", title: "This page could not be loaded" })
  })
})
