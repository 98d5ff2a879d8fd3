import { Show } from "solid-js"
import { Pill } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Loaded } from "../../kit/States.tsx"
import { Bar, Card, Fact, Facts } from "../../kit/Surface.tsx"
import { seqText } from "../../lib/JobText.ts"
import { bytes, count, duration, missing, percent, plural } from "../../lib/Numbers.ts"
import { storeName } from "../../lib/StoreText.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"

const StatePill = (props: { readonly of: "redis" | "kafka" }) => {
  const { queries } = useApp()
  const ready = useQuery(queries.ready)
  return (
    <Show when={ready.isSuccess && ready.data.components[props.of]}>
      {(component) => (
        <Pill tone={component().status === "up" ? "ok" : "bad"} title={component().reason ?? undefined}>
          {component().status === "up" ? "Up" : "Down"}
        </Pill>
      )}
    </Show>
  )
}

/** The newest changes, where short replays and the live feed read. */
export const BufferCard = () => {
  const { queries, now } = useApp()
  const stats = useQuery(queries.stats)
  return (
    <Card
      title="Live buffer"
      note={<Show when={stats.isSuccess}>{storeName(stats.data?.store)}</Show>}
      actions={<StatePill of="redis" />}
    >
      <Loaded query={stats}>
        {(held) => (
          <div class="stack">
            <Bar
              share={held().changes / Math.max(1, held().max_changes)}
              label={`${percent(held().changes / Math.max(1, held().max_changes))} of the live buffer is used`}
            />
            <Facts>
              <Fact name="Changes">
                {count(held().changes)} <span class="faint">of {count(held().max_changes)}</span>
              </Fact>
              <Fact name="Size">{bytes(held().bytes)}</Fact>
              <Fact name="Without a gap since">
                <Moment at={held().coverage.from_time} />
              </Fact>
              <Fact name="Reaches back">
                <Show when={held().coverage.from_time} fallback={missing}>
                  {(from) => duration(Math.max(0, (now().getTime() - Date.parse(from())) / 1000))}
                </Show>
              </Fact>
              <Fact name="Transactions">{seqText(held().coverage.first_seq, held().coverage.next_seq)}</Fact>
            </Facts>
            <p class="faint">
              When it is full the oldest make room; older windows are read from the archive.
            </p>
          </div>
        )}
      </Loaded>
    </Card>
  )
}

/** All of the history. */
export const ArchiveCard = () => {
  const { queries } = useApp()
  const coverage = useQuery(queries.coverage)
  const source = useQuery(queries.source)
  return (
    <Card
      title="Archive"
      note={<Show when={coverage.isSuccess}>{storeName(coverage.data?.archive.kind)}</Show>}
      actions={<StatePill of="kafka" />}
    >
      <Loaded query={coverage}>
        {(held) => (
          <Facts>
            <Fact name="Transactions without a gap">
              {seqText(held().archive.coverage.first_seq, held().archive.coverage.next_seq)}
            </Fact>
            <Fact name="Since">
              <Moment at={held().archive.coverage.from_time} />
            </Fact>
            <Fact name="Complete up to">
              <Moment at={held().archive.coverage.to_time} />
            </Fact>
            <Show when={source.isSuccess && source.data}>
              {(capture) => (
                <>
                  <Fact name="Durable to">
                    <code>{capture().frontier}</code>
                  </Fact>
                  <Fact
                    name="Behind the source"
                    title="WAL between what is durable here and the source's end."
                  >
                    {bytes(capture().lag_bytes)}
                  </Fact>
                  <Show when={capture().spill}>
                    {(spill) => (
                      <Fact name="Waiting on disk, while Kafka does not take it">
                        {spill().since === null && spill().transactions === 0
                          ? "nothing"
                          : `${plural(spill().transactions, "transaction")}, ${bytes(spill().bytes)} of ${bytes(spill().max_bytes)}`}
                      </Fact>
                    )}
                  </Show>
                </>
              )}
            </Show>
          </Facts>
        )}
      </Loaded>
    </Card>
  )
}
