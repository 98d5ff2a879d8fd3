import { A } from "@solidjs/router"
import { For, Show } from "solid-js"
import { CodeLine } from "../../kit/Copy.tsx"
import { Dot } from "../../kit/Marks.tsx"
import { Card } from "../../kit/Surface.tsx"
import type { Check } from "./Checks.ts"

const toneWords = { ok: "in order", idle: "not known", warn: "warning", bad: "error" } as const

/** What was looked at, the worst first; what is wrong with its cause and its fix. */
export const ChecksCard = (props: { readonly checks: ReadonlyArray<Check> }) => (
  <Card title="Checks" actions={<span class="faint">worst first</span>}>
    <ul data-component="checks">
      <For each={props.checks}>
        {(check) => (
          <li>
            <Dot tone={check.tone} />
            <div class="stack">
              <p>
                <span class="sr-only">{toneWords[check.tone]}: </span>
                <Show when={check.tone !== "ok"} fallback={check.title}>
                  <b>{check.title}</b>
                </Show>
                <Show when={check.href}>
                  {(href) => (
                    <>
                      {" "}
                      <A href={href()} class="link">
                        Show
                      </A>
                    </>
                  )}
                </Show>
              </p>
              <Show when={check.cause}>
                <p class="muted">{check.cause}</p>
              </Show>
              <Show when={check.fix}>{(fix) => <CodeLine text={fix()} label="Copy the fix" />}</Show>
            </div>
          </li>
        )}
      </For>
    </ul>
  </Card>
)
