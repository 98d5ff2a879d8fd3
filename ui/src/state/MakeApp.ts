import { Schema } from "effect"
import { createEffect, on, onCleanup } from "solid-js"
import { makeApi } from "../api/Api.ts"
import { asProblem, problemOf, unreachable } from "../api/ApiProblem.ts"
import { makeQueries, makeQueryClient } from "../api/Queries.ts"
import { makeLive } from "../live/Live.ts"
import { openSocket } from "../live/Socket.ts"
import { makeSession, type Session } from "../session/Session.ts"
import type { App } from "./App.ts"
import { makeClock } from "./Clock.ts"
import { listenForKeys, makeCommands } from "./Commands.ts"
import { makeJobUpdates } from "./JobUpdates.ts"
import { makeLiveMetrics } from "./LiveMetrics.ts"
import { makeMetricsHistory } from "./MetricsHistory.ts"
import { makePreferences } from "./Preferences.ts"
import { makeToasts } from "./Toasts.ts"

const after = (millis: number, run: () => void) => {
  const timer = setTimeout(run, millis)
  return () => clearTimeout(timer)
}

/** How often it is asked whether the role is still the same. */
const lookMillis = 15_000

const decodeToken = Schema.decodeUnknownSync(Schema.Struct({ access_token: Schema.String }))

/** By the cookie that the browser keeps, and nothing else: what is refused here is not tried again with a new token. */
const byCookie = (what: "refresh" | "logout") =>
  fetch(`/api/v1/auth/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}"
  }).catch(() => {
    throw unreachable
  })

/** Puts the parts together; inside a reactive root. */
export const makeApp = (): App => {
  const clock = makeClock()
  const api = makeApi({
    token: () => session.token(),
    renew: () => session.renew(),
    refused: () => void session.look()
  })
  const session: Session = makeSession({
    logIn: async (username, password, otp) => {
      const payload = { username, password, ...(otp === undefined ? {} : { otp }) }
      return (await api.call("auth.token", { payload })).access_token
    },
    refresh: async () => {
      const response = await byCookie("refresh")
      if (response.status === 401) return null
      if (!response.ok) throw problemOf(response.status, await response.json().catch(() => null))
      return decodeToken(await response.json()).access_token
    },
    logOut: async () => {
      const { ok } = await byCookie("logout")
      if (!ok) throw unreachable
    },
    me: () => api.call("auth.me", {})
  })
  const live = makeLive({
    ticket: async () => {
      try {
        return (await api.call("tickets.issue", {})).ticket
      } catch (error) {
        if (asProblem(error).status === 401) return null
        throw error
      }
    },
    open: openSocket,
    renew: session.renew,
    now: clock.millis,
    random: Math.random,
    after
  })
  const toasts = makeToasts()
  const logOut = async () => {
    const isOut = await session.logOut()
    if (!isOut) {
      const detail = "The server has not ended the login. Try again once it answers."
      toasts.show({ tone: "bad", title: "You are still logged in", detail })
    }
    return isOut
  }
  const cache = makeQueryClient()
  // It asks again when the window is looked at again.
  cache.mount()
  onCleanup(() => cache.unmount())
  const preferences = makePreferences()
  const metrics = makeLiveMetrics(live, clock)
  const commands = makeCommands()
  const app: App = {
    api,
    queries: makeQueries(api),
    cache,
    session: { ...session, logOut },
    live,
    metrics,
    history: makeMetricsHistory(
      metrics.latest,
      () => live.connection().state === "open",
      () => api.call("system.metricsHistory", {})
    ),
    jobUpdates: makeJobUpdates(live, cache),
    preferences,
    toasts,
    commands,
    now: clock.now
  }
  onCleanup(listenForKeys(commands, () => preferences.values.shortcuts))

  createEffect(
    on(session.current, ({ state }, before) => {
      if (state === "in") live.start()
      else live.stop()
      // The login was renewed, or the role is another: who may see what is not as it was.
      if (state === "in" && (before?.state === "in" || before?.state === "expired"))
        void cache.invalidateQueries()
      if (state === "out") cache.clear()
    })
  )
  const look = () => {
    if (document.visibilityState === "visible") void session.look()
  }
  const looks = setInterval(look, lookMillis)
  onCleanup(() => clearInterval(looks))
  const retry = () => {
    look()
    if (document.visibilityState === "visible") live.retry()
  }
  document.addEventListener("visibilitychange", retry)
  addEventListener("online", retry)
  return app
}
