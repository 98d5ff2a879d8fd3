import { For, type JSX, Match, Show, Switch } from "solid-js"
import type { EstimateJson } from "../../../../src/control/api/EstimateJson.ts"
import { Dot } from "../../kit/Marks.tsx"
import { ProblemView, Skeleton } from "../../kit/States.tsx"
import { Card, Fact, Facts } from "../../kit/Surface.tsx"
import { bytes, count, duration, rate, speed } from "../../lib/Numbers.ts"
import { storeName } from "../../lib/StoreText.ts"
import type { JobForm } from "./Form.ts"

interface EstimateCardProps {
  readonly form: JobForm
  readonly estimate: EstimateJson | undefined
  readonly error: unknown
  readonly isFresh: boolean
  readonly onRetry: () => void
  readonly children: JSX.Element
}

const takes = (form: JobForm, estimate: EstimateJson): string => {
  if (form.follow) return "goes on until you stop it"
  const asked = form.speed === "max" ? "as fast as the target takes it" : `at ${speed(form.speed)}`
  return estimate.seconds === null ? asked : `${duration(estimate.seconds)} ${asked}`
}

/** What will happen, before anything does. */
export const EstimateCard = (props: EstimateCardProps) => (
  <Card title="What will happen">
    <div class="stack" data-component="estimate" data-fresh={props.isFresh ? "" : undefined}>
      <Switch fallback={<Skeleton lines={6} label="Estimating" />}>
        <Match when={props.error}>
          <ProblemView error={props.error} onRetry={props.onRetry} />
        </Match>
        <Match when={props.estimate}>
          {(estimate) => (
            <>
              <p data-part="value">
                {estimate().filtered ? "≤ " : ""}
                {count(estimate().changes)}{" "}
                <small>changes in {count(estimate().transactions)} transactions</small>
              </p>
              <Facts>
                <Fact name="Read from">
                  {storeName(estimate().replay_source)}
                  <Show when={estimate().replay_source_reason}>
                    {(reason) => (
                      <>
                        <br />
                        <span class="faint">{reason()}</span>
                      </>
                    )}
                  </Show>
                </Fact>
                <Fact name="Size">{bytes(estimate().bytes)}</Fact>
                <Fact name="Takes about">{takes(props.form, estimate())}</Fact>
                <Fact
                  name="Could go at most"
                  title={
                    estimate().rate_basis === "assumed"
                      ? "Assumed: no replay has run flat out into this target yet"
                      : "Measured over the newest replays into this target"
                  }
                >
                  {rate(estimate().changes_per_second)} changes/s
                  {estimate().rate_basis === "assumed" ? ", assumed" : ""}
                </Fact>
                <Fact name="Applied as">
                  {props.form.dryRun ? "nothing: a dry run" : "whole transactions, in commit order, once"}
                </Fact>
              </Facts>
              <Show when={estimate().refusal}>
                {(refusal) => (
                  <p data-part="note" data-tone="bad" role="alert">
                    <Dot tone="bad" />
                    <span>
                      <b>It would fail at its start:</b> {refusal().message}
                    </span>
                  </p>
                )}
              </Show>
              <For each={estimate().warnings}>
                {(warning) => (
                  <p data-part="note">
                    <Dot tone="warn" />
                    <span>{warning.message}</span>
                  </p>
                )}
              </For>
            </>
          )}
        </Match>
      </Switch>
      {props.children}
    </div>
  </Card>
)
