import { useIsRouting, useLocation, useNavigate } from "@solidjs/router"
import {
  createEffect,
  createSignal,
  ErrorBoundary,
  type JSX,
  lazy,
  on,
  onCleanup,
  onMount,
  Show,
  Suspense
} from "solid-js"
import { ProblemView, Skeleton } from "../kit/States.tsx"
import { Toaster } from "../kit/Toaster.tsx"
import { useApp } from "../state/App.ts"
import { Banner } from "./Banner.tsx"
import { Drawer } from "./Drawer.tsx"
import { keepFocus } from "./FocusKeeper.ts"
import { Palette } from "./Palette.tsx"
import { Rail } from "./Rail.tsx"
import { shellCommands } from "./ShellCommands.ts"
import "./Shell.css"
import { StatusLine } from "./StatusLine.tsx"

const Shortcuts = lazy(() => import("./Shortcuts.tsx"))
const LogInAgain = lazy(() => import("../pages/login/LogInAgain.tsx"))

type Overlay = "drawer" | "palette" | "shortcuts"

/** The frame of every page. */
export const Shell = (props: { readonly children?: JSX.Element }) => {
  const { commands, session } = useApp()
  const location = useLocation()
  const navigate = useNavigate()
  const isComing = useIsRouting()
  const [overlay, setOverlay] = createSignal<Overlay | null>(null)
  const close = () => setOverlay(null)
  let main: HTMLElement | undefined

  commands.register(
    shellCommands({
      go: (href) => navigate(href),
      may: session.may,
      openPalette: () => setOverlay("palette"),
      openShortcuts: () => setOverlay("shortcuts"),
      logOut: () => void session.logOut()
    })
  )
  onMount(() => {
    if (main !== undefined) onCleanup(keepFocus(main))
  })
  createEffect(
    on(
      () => location.pathname,
      () => {
        close()
        main?.scrollIntoView({ block: "start" })
        main?.focus({ preventScroll: true })
      },
      { defer: true }
    )
  )

  return (
    <div data-component="shell">
      <a href="#main" data-part="skip">
        Skip to the page
      </a>
      <aside data-part="aside">
        <Rail />
      </aside>
      <div data-part="column">
        <StatusLine onMenu={() => setOverlay("drawer")} onSearch={() => setOverlay("palette")} />
        <Banner />
        <div data-part="coming" data-on={isComing() ? "" : undefined} aria-hidden="true" />
        <main
          id="main"
          tabindex="-1"
          ref={(made) => {
            main = made
          }}
        >
          <ErrorBoundary fallback={(error, reset) => <ProblemView error={error} onRetry={reset} />}>
            <Suspense fallback={<Skeleton lines={6} />}>{props.children}</Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <Suspense>
        <Show when={overlay() === "drawer"}>
          <Drawer onClose={close} />
        </Show>
        <Show when={overlay() === "palette"}>
          <Palette onClose={close} />
        </Show>
        <Show when={overlay() === "shortcuts"}>
          <Shortcuts onClose={close} />
        </Show>
        <Show when={session.current().state === "expired"}>
          <LogInAgain />
        </Show>
      </Suspense>
      <Toaster />
    </div>
  )
}
