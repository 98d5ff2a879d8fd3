import { A, useLocation, useNavigate } from "@solidjs/router"
import { For, Show } from "solid-js"
import { IconButton } from "../kit/Button.tsx"
import { Icon } from "../kit/Icon.tsx"
import { clockText, zoneName } from "../lib/Time.ts"
import { useApp } from "../state/App.ts"
import { Brand } from "./Brand.tsx"
import { adminPlaces, mainPlaces, type Place } from "./Navigation.ts"
import "./Rail.css"

const PlaceLink = (props: { readonly place: Place; readonly count?: number | undefined }) => {
  const location = useLocation()
  const isHere = () =>
    props.place.href === "/"
      ? location.pathname === "/"
      : location.pathname === props.place.href || location.pathname.startsWith(`${props.place.href}/`)
  return (
    <A href={props.place.href} aria-current={isHere() ? "page" : undefined}>
      <Icon name={props.place.icon} />
      {props.place.title}
      <Show when={(props.count ?? 0) > 0}>
        <span data-part="count" title="running or waiting for a worker">
          {props.count}
        </span>
      </Show>
    </A>
  )
}

/** Where one can go, and who one is. */
export const Rail = () => {
  const { session, preferences, now, metrics } = useApp()
  const navigate = useNavigate()
  const active = () => {
    const jobs = metrics.latest()?.jobs
    return jobs === null || jobs === undefined ? 0 : (jobs["running"] ?? 0) + (jobs["queued"] ?? 0)
  }
  return (
    <div data-component="rail">
      <A href="/" aria-label="WalStream, overview">
        <Brand />
      </A>
      <nav aria-label="Main">
        <For each={mainPlaces}>
          {(place) => <PlaceLink place={place} count={place.href === "/jobs" ? active() : undefined} />}
        </For>
      </nav>
      <Show when={session.may("admin") && adminPlaces.length > 0}>
        <nav aria-label="Administration">
          <h3>Administration</h3>
          <For each={adminPlaces}>{(place) => <PlaceLink place={place} />}</For>
        </nav>
      </Show>
      <div data-part="foot">
        <div class="row">
          <span class="grow truncate" title={session.user()?.username}>
            {session.user()?.username} · {session.user()?.role}
          </span>
          <IconButton icon="settings" label="Settings" size="small" onClick={() => navigate("/settings")} />
          <IconButton icon="logout" label="Log out" size="small" onClick={() => void session.logOut()} />
        </div>
        <span>
          {clockText(now(), preferences.values.zone)} {zoneName(now(), preferences.values.zone)}
        </span>
      </div>
    </div>
  )
}
