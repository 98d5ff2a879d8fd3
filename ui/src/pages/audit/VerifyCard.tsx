import { For, Show } from "solid-js"
import { CodeLine } from "../../kit/Copy.tsx"
import { Loaded } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { count, plural } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"

const faults = {
  changed: "is not what was written",
  missing: "does not follow the one before: lines are missing, or out of their place",
  "end-missing": "is the last that there is, and newer ones were written",
  "head-differs": "is not the one that was told"
} as const

/** Every line looked at: whether it is as it was written. */
export const VerifyCard = () => {
  const { api } = useApp()
  const check = useQuery(() => ({
    queryKey: ["audit-check"],
    queryFn: ({ signal }) => api.call("audit.verify", { query: {} }, { signal }),
    staleTime: 0
  }))
  return (
    <Card title="The record itself">
      <Loaded query={check}>
        {(held) => (
          <Show
            when={held().intact}
            fallback={
              <div class="stack">
                <p role="alert">
                  <b>The record is not as it was written.</b> {plural(held().faults.length, "fault")} in{" "}
                  {plural(held().entries, "line")}.
                </p>
                <ul>
                  <For each={held().faults}>
                    {({ seq, fault }) => (
                      <li>
                        Line {count(seq)} {faults[fault]}.
                      </li>
                    )}
                  </For>
                </ul>
              </div>
            }
          >
            <div class="stack">
              <p>
                All {plural(held().entries, "line")} are as they were written, in their place, and none is
                missing. Keep this elsewhere: with it anybody can see later that everything up to here still
                is.
              </p>
              <CodeLine
                text={`${held().head.seq}:${held().head.hash}`}
                label="Copy the newest line's number and hash"
              />
            </div>
          </Show>
        )}
      </Loaded>
    </Card>
  )
}
