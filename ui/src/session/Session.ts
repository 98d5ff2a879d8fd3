import { type Accessor, createSignal } from "solid-js"
import { includesRole, type Role } from "../../../src/control/api/Role.ts"

export interface User {
  readonly id: string
  readonly username: string
  readonly role: Role
}

/**
 * `unknown`: it is being found out. `away`: it cannot be, since the server does not answer; that is no reason to ask for the
 * password. `expired`: the page stays, and asks for the password again. */
export type SessionState =
  | { readonly state: "unknown" }
  | { readonly state: "away"; readonly error: unknown }
  | { readonly state: "out" }
  | { readonly state: "in"; readonly user: User }
  | { readonly state: "expired"; readonly user: User }

export interface SessionNeeds {
  /** Rejected with what is to be shown. */
  readonly logIn: (username: string, password: string, otp?: string) => Promise<string>
  /** An access token by what the browser keeps of a login; null when that has ended. */
  readonly refresh: () => Promise<string | null>
  /** Rejects where the server has not ended the login. */
  readonly logOut: () => Promise<void>
  readonly me: () => Promise<User>
}

export interface Session {
  readonly current: Accessor<SessionState>
  readonly user: Accessor<User | null>
  readonly may: (role: Role) => boolean
  /** In memory only, never anywhere else. */
  readonly token: () => string | null
  readonly resume: () => Promise<void>
  /** Whether the user is still who it was: an admin may have changed the role meanwhile. */
  readonly look: () => Promise<void>
  /** `otp`: where the user has a second factor. */
  readonly logIn: (username: string, password: string, otp?: string) => Promise<void>
  /** Whether the login has ended: where the server did not end it, a reload would be logged in again. */
  readonly logOut: () => Promise<boolean>
  /** Whether there is a new token. One at a time, however many ask. */
  readonly renew: () => Promise<boolean>
}

export const makeSession = (needs: SessionNeeds): Session => {
  const [current, setCurrent] = createSignal<SessionState>({ state: "unknown" })
  let token: string | null = null
  let renewing: Promise<boolean> | null = null

  const user = (): User | null => {
    const held = current()
    return held.state === "in" || held.state === "expired" ? held.user : null
  }

  const enter = async (given: string) => {
    token = given
    setCurrent({ state: "in", user: await needs.me() })
  }

  const leave = () => {
    token = null
    const was = user()
    setCurrent(was === null ? { state: "out" } : { state: "expired", user: was })
  }

  const renewOnce = async (): Promise<boolean> => {
    const given = await needs.refresh()
    if (given === null) {
      leave()
      return false
    }
    token = given
    return true
  }

  return {
    current,
    user,
    may: (role) => includesRole(user()?.role ?? "viewer", role) && user() !== null,
    token: () => token,
    resume: async () => {
      try {
        const given = await needs.refresh()
        if (given === null) setCurrent({ state: "out" })
        else await enter(given)
      } catch (error) {
        // Unless it turned out meanwhile that the login has ended.
        if (current().state !== "out") setCurrent({ state: "away", error })
      }
    },
    look: async () => {
      if (current().state !== "in") return
      const found = await needs.me().catch(() => null)
      const was = user()
      if (found === null || current().state !== "in" || was === null) return
      if (found.role !== was.role || found.username !== was.username) setCurrent({ state: "in", user: found })
    },
    logIn: async (username, password, otp) => enter(await needs.logIn(username, password, otp)),
    logOut: () =>
      needs.logOut().then(
        () => {
          token = null
          setCurrent({ state: "out" })
          return true
        },
        () => false
      ),
    renew: () => {
      renewing ??= renewOnce().finally(() => {
        renewing = null
      })
      return renewing
    }
  }
}
