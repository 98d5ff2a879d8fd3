import { Show } from "solid-js"
import type { SourceJson } from "../../../../src/control/api/SystemApi.ts"
import { Badge } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Card, Fact, Facts } from "../../kit/Surface.tsx"
import { bytes, count, duration, missing } from "../../lib/Numbers.ts"

const yes = (value: boolean | null): string => (value === null ? missing : value ? "yes" : "no")

/** How the replication slot does: connected is not enough, it has to move. */
export const SlotCard = (props: { readonly source: SourceJson }) => (
  <Card title="Slot" note={<span class="mono">{props.source.slot}</span>}>
    <Facts>
      <Fact name="Read at the moment">{yes(props.source.slot_active)}</Fact>
      <Fact name="Advancing">{yes(props.source.slot_advancing)}</Fact>
      <Fact name="State of its WAL">
        <Show when={props.source.wal_status} fallback={missing}>
          {(status) => <Badge>{status()}</Badge>}
        </Show>
      </Fact>
      <Fact name="Kept by the server">{bytes(props.source.retained_bytes)}</Fact>
      <Fact name="Behind">
        {bytes(props.source.lag_bytes)} · {duration(props.source.latency_seconds)}
      </Fact>
      <Fact name="May grow by" title="max_slot_wal_keep_size of the source bounds it">
        {props.source.safe_bytes === null ? "not bounded" : bytes(props.source.safe_bytes)}
      </Fact>
      <Show when={props.source.seconds_until_lost !== null}>
        <Fact name="Would last without capture">{duration(props.source.seconds_until_lost)}</Fact>
      </Show>
      <Fact name="Confirmed to the source">
        <span class="mono">{props.source.frontier}</span>
      </Fact>
      <Fact name="Last commit">
        <Moment at={props.source.last_commit_time} as="relative" />
      </Fact>
      <Fact name="Reconnects">{count(props.source.reconnects)}</Fact>
    </Facts>
  </Card>
)
