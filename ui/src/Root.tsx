import { useLocation } from "@solidjs/router"
import { createEffect, type JSX, lazy, Match, on, Suspense, Switch } from "solid-js"
import { Skeleton } from "./kit/States.tsx"
import { Away } from "./shell/Away.tsx"
import { Shell } from "./shell/Shell.tsx"
import { type App, AppContext } from "./state/App.ts"

const LoginPage = lazy(() => import("./pages/login/LoginPage.tsx"))
const SetPasswordPage = lazy(() => import("./pages/users/SetPasswordPage.tsx"))

/** Everything below the router: who is not logged in sees the login, at whatever address. */
export const Root = (props: { readonly app: App; readonly children?: JSX.Element }) => {
  const location = useLocation()
  // Who has just logged in begins at the page, not before everything.
  createEffect(
    on(
      () => props.app.session.current().state,
      (state, before) => {
        if (before === "out" && state === "in") document.querySelector<HTMLElement>("#main")?.focus()
      }
    )
  )
  const awayFor = () => {
    const held = props.app.session.current()
    return held.state === "away" ? held : undefined
  }
  return (
    <AppContext.Provider value={props.app}>
      <Switch>
        <Match when={location.pathname === "/set-password"}>
          <Suspense>
            <SetPasswordPage />
          </Suspense>
        </Match>
        <Match when={props.app.session.user() !== null}>
          <Shell>{props.children}</Shell>
        </Match>
        <Match when={props.app.session.current().state === "unknown"}>
          <main data-component="away">
            <Skeleton lines={3} label="Finding out whether you are logged in" />
          </main>
        </Match>
        <Match when={awayFor()} keyed>
          {({ error }) => <Away error={error} />}
        </Match>
        <Match when={props.app.session.current().state === "out"}>
          <Suspense>
            <LoginPage />
          </Suspense>
        </Match>
      </Switch>
    </AppContext.Provider>
  )
}
