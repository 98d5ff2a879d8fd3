import { describe, expect, it } from "vitest"
import type { Role } from "../../../src/control/api/Role.ts"
import { makeSession } from "../../../ui/src/session/Session.ts"

const user = { id: "1", username: "ann", role: "operator" as const }

const makeScene = (kept: string | null = null) => {
  const state = { kept, refreshes: 0, isAway: false, role: user.role as Role }
  const session = makeSession({
    logIn: async (_, password, otp) => {
      if (password !== "right") throw new Error("wrong")
      return otp === undefined ? "token 1" : `token ${otp}`
    },
    refresh: async () => {
      state.refreshes += 1
      if (state.isAway) throw new Error("away")
      return state.kept
    },
    logOut: async () => {
      if (state.isAway) throw new Error("away")
      state.kept = null
    },
    me: async () => {
      if (state.isAway) throw new Error("away")
      return { ...user, role: state.role }
    }
  })
  return { session, state }
}

describe("who is logged in", () => {
  it("is nobody until it is known, and nobody without what the browser keeps", async () => {
    const { session } = makeScene()
    expect(session.current().state).toBe("unknown")
    await session.resume()
    expect(session.current().state).toBe("out")
    expect(session.may("viewer")).toBe(false)
  })

  it("comes back after a reload", async () => {
    const { session } = makeScene("token 0")
    await session.resume()
    expect(session.current()).toEqual({ state: "in", user })
    expect(session.token()).toBe("token 0")
    expect(session.may("operator")).toBe(true)
    expect(session.may("admin")).toBe(false)
  })

  it("nobody is taken for logged out where the server does not answer, and all is well when it does again", async () => {
    const { session, state } = makeScene("token 0")
    state.isAway = true
    await session.resume()
    expect(session.current().state).toBe("away")
    expect(session.user()).toBeNull()
    state.isAway = false
    await session.resume()
    expect(session.current()).toEqual({ state: "in", user })
  })

  it("a role that an admin has changed holds at once; what cannot be asked changes nothing", async () => {
    const { session, state } = makeScene()
    await session.logIn("ann", "right")
    const before = session.current()
    await session.look()
    expect(session.current()).toBe(before)
    state.role = "admin"
    state.isAway = true
    await session.look()
    expect(session.may("admin")).toBe(false)
    state.isAway = false
    await session.look()
    expect(session.may("admin")).toBe(true)
    state.role = "viewer"
    await session.look()
    expect(session.may("operator")).toBe(false)
  })

  it("a code of a second factor goes along with the password", async () => {
    const { session } = makeScene()
    await session.logIn("ann", "right", "287082")
    expect(session.token()).toBe("token 287082")
  })

  it("a wrong password changes nothing", async () => {
    const { session } = makeScene()
    await session.resume()
    await expect(session.logIn("ann", "wrong")).rejects.toThrow("wrong")
    expect(session.current().state).toBe("out")
    await session.logIn("ann", "right")
    expect(session.user()).toEqual(user)
  })

  it("however many ask at once, the login is renewed once", async () => {
    const { session, state } = makeScene()
    await session.logIn("ann", "right")
    state.kept = "token 2"
    expect(await Promise.all([session.renew(), session.renew(), session.renew()])).toEqual([true, true, true])
    expect(state.refreshes).toBe(1)
    expect(session.token()).toBe("token 2")
  })

  it("an ended login keeps the page and its user", async () => {
    const { session } = makeScene()
    await session.logIn("ann", "right")
    expect(await session.renew()).toBe(false)
    expect(session.current()).toEqual({ state: "expired", user })
    expect(session.token()).toBeNull()
    await session.logIn("ann", "right")
    expect(session.current().state).toBe("in")
    expect(await session.logOut()).toBe(true)
    expect(session.current().state).toBe("out")
  })

  it("stays logged in where the server has not ended the login", async () => {
    const { session, state } = makeScene()
    await session.logIn("ann", "right")
    state.isAway = true
    expect(await session.logOut()).toBe(false)
    expect(session.current()).toEqual({ state: "in", user })
    expect(session.token()).toBe("token 1")
  })
})
