import { createSignal } from "solid-js"
import { Checkbox, Field, Input, Segmented } from "../../kit/Form.tsx"
import { Card, PageHead } from "../../kit/Surface.tsx"
import { isoText, isZone, momentText, zoneName } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import { PasswordCard } from "./PasswordCard.tsx"
import { SecondFactorCard } from "./SecondFactorCard.tsx"
import { SessionsCard } from "./SessionsCard.tsx"
import "./Settings.css"

const themes = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" }
] as const

const zones = [
  { value: "utc", label: "UTC" },
  { value: "local", label: "This device" },
  { value: "other", label: "Another" }
] as const

const SettingsPage = () => {
  const { preferences, now } = useApp()
  const zone = () => preferences.values.zone
  const kind = () => (zone() === "utc" || zone() === "local" ? (zone() as "utc" | "local") : "other")
  const [fault, setFault] = createSignal<string>()
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone

  const choose = (given: "utc" | "local" | "other") =>
    preferences.set({ zone: given === "other" ? own : given })
  const type = (text: string) => {
    const isKnown = text.includes("/") && isZone(text)
    setFault(
      isKnown ? undefined : "This browser knows no such zone. Europe/Berlin and America/New_York are some."
    )
    if (isKnown) preferences.set({ zone: text })
  }

  return (
    <>
      <PageHead title="Settings">How things look on this device. They hold at once.</PageHead>
      <div data-component="settings">
        <Card title="Theme">
          <Segmented
            label="Theme"
            options={themes}
            value={preferences.values.theme}
            onChange={(theme) => preferences.set({ theme })}
          />
        </Card>
        <Card title="Times">
          <div class="stack">
            <Segmented label="Time zone" options={zones} value={kind()} onChange={choose} />
            {kind() === "other" ? (
              <Field label="Zone" error={fault()}>
                {({ id, describedBy }) => (
                  <Input
                    id={id}
                    aria-describedby={describedBy}
                    value={zone()}
                    onChange={(event) => type(event.currentTarget.value.trim())}
                  />
                )}
              </Field>
            ) : null}
            <Checkbox
              checked={preferences.values.relative}
              onChange={(relative) => preferences.set({ relative })}
            >
              “3 min ago” where it says as much; the whole time is in the title
            </Checkbox>
            <p class="muted">
              Now it is {momentText(now(), zone(), now())} {zoneName(now(), zone())}, copied as{" "}
              <code>{isoText(now().toISOString().replace(/\.\d+/u, ""), zone())}</code>
            </p>
          </div>
        </Card>
        <Card title="Keyboard">
          <Checkbox
            checked={preferences.values.shortcuts}
            onChange={(shortcuts) => preferences.set({ shortcuts })}
          >
            Single keys do something. Off, only those with Ctrl or ⌘ do.
          </Checkbox>
        </Card>
        <SessionsCard />
        <PasswordCard />
        <SecondFactorCard />
      </div>
    </>
  )
}

export default SettingsPage
