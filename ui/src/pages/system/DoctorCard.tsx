import { For, Show } from "solid-js"
import { Button } from "../../kit/Button.tsx"
import { CodeLine } from "../../kit/Copy.tsx"
import { Dot, Pill } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Loaded } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { type PlacedFinding, severityText, severityTone, worstFirst } from "./Findings.ts"

/** Lines of a fix from which on it is folded. */
const long = 6

const Fix = (props: { readonly text: string }) => (
  <Show
    when={props.text.split("\n").length > long}
    fallback={<CodeLine text={props.text} label="Copy what mends it" />}
  >
    <details>
      <summary>The SQL, {props.text.split("\n").length} lines</summary>
      <CodeLine text={props.text} label="Copy what mends it" />
    </details>
  </Show>
)

const FindingItem = (props: { readonly finding: PlacedFinding }) => (
  <li>
    <Dot tone={severityTone[props.finding.severity]} />
    <div>
      <p>
        <b>{severityText[props.finding.severity]}</b>{" "}
        <span class="faint">
          {props.finding.part} · <code>{props.finding.code}</code>
        </span>
      </p>
      <p>{props.finding.message}</p>
      <Show when={props.finding.fix}>{(fix) => <Fix text={fix()} />}</Show>
    </div>
  </li>
)

/** Every part looked over: what is wrong with what mends it, then what was in order or not looked at. */
export const DoctorCard = () => {
  const { queries } = useApp()
  const doctor = useQuery(queries.doctor)
  const quiet = () =>
    doctor.isSuccess
      ? doctor.data.sections.filter(({ findings, skipped }) => findings.length === 0 || skipped !== null)
      : []
  return (
    <Card
      title="Doctor"
      note={
        <Show when={doctor.isSuccess}>
          <Pill tone={doctor.data?.healthy === true ? "ok" : "bad"}>
            {doctor.data?.healthy === true ? "Nothing that cannot work" : "Something cannot work"}
          </Pill>
        </Show>
      }
      actions={
        <>
          <Show when={doctor.isSuccess}>
            <span class="faint">
              looked <Moment at={new Date(doctor.dataUpdatedAt).toISOString()} as="relative" />
            </span>
          </Show>
          <Button size="small" icon="retry" busy={doctor.isFetching} onClick={() => void doctor.refetch()}>
            Look again
          </Button>
        </>
      }
    >
      <Loaded query={doctor}>
        {(held) => (
          <ul data-component="findings">
            <For each={worstFirst(held().sections)}>{(finding) => <FindingItem finding={finding} />}</For>
            <For each={quiet()}>
              {({ part, skipped }) => (
                <li>
                  <Dot tone={skipped === null ? "ok" : "warn"} />
                  <p>
                    {part}{" "}
                    <span class="faint">
                      {skipped === null ? "nothing was found wrong" : `was not looked at: ${skipped}`}
                    </span>
                  </p>
                </li>
              )}
            </For>
          </ul>
        )}
      </Loaded>
    </Card>
  )
}
