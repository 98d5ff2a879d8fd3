import { For, Show } from "solid-js"
import { Dot, type Tone } from "../../kit/Marks.tsx"
import { Empty, Loaded } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { plural } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { severityTone } from "./Findings.ts"

/** Where replays may go, each as the doctor found it. */
export const TargetsCard = () => {
  const { queries } = useApp()
  const targets = useQuery(queries.targets)
  const doctor = useQuery(queries.doctor)
  const verdict = (name: string): readonly [Tone, string] => {
    const section = doctor.isSuccess
      ? doctor.data.sections.find(({ part }) => part === `target ${name}`)
      : undefined
    if (section === undefined) return ["idle", "not looked at yet"]
    if (section.skipped !== null) return ["warn", `was not looked at: ${section.skipped}`]
    const [worst] = section.findings
    return worst === undefined
      ? ["ok", "nothing was found wrong"]
      : [severityTone[worst.severity], `${plural(section.findings.length, "finding")}, above`]
  }
  return (
    <Card title="Targets" note="what a replay may name">
      <Loaded query={targets}>
        {(held) => (
          <Show
            when={held().items.length > 0}
            fallback={
              <Empty title="No target">
                Set <code>TARGET_URL</code>, or <code>TARGET_NAME_URL</code> for one with a name, and start
                again.
              </Empty>
            }
          >
            <ul data-component="findings">
              <For each={held().items}>
                {({ name }) => (
                  <li>
                    <Dot tone={verdict(name)[0]} />
                    <p>
                      {name} <span class="faint">{verdict(name)[1]}</span>
                    </p>
                  </li>
                )}
              </For>
            </ul>
          </Show>
        )}
      </Loaded>
    </Card>
  )
}
