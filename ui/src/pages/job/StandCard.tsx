import { Show } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { CopyIcon } from "../../kit/Copy.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Card, Fact, Facts } from "../../kit/Surface.tsx"
import { seqText } from "../../lib/JobText.ts"
import { count, duration, missing } from "../../lib/Numbers.ts"
import { storeName } from "../../lib/StoreText.ts"

const orders = {
  net_effect: "commit order, net effect per row",
  row_by_row: "commit order, row by row"
} as const
const modes = { replica: "no triggers fire", origin: "triggers fire", dry_run: "nothing is written" } as const

/** Where it stands: its place in the history, who runs it, and how it writes. */
export const StandCard = (props: { readonly job: JobJson }) => {
  const live = () => props.job.live
  return (
    <Card title="Where it stands">
      <Facts>
        <Fact name="Last applied">
          <Show when={props.job.last_position} fallback={missing}>
            {(position) => (
              <>
                <code>{position()}</code> <CopyIcon text={position()} label="Copy the position" />
              </>
            )}
          </Show>
        </Fact>
        <Fact name="Transaction">
          <code>{props.job.checkpoint === null ? missing : `seq ${count(props.job.checkpoint.seq)}`}</code>
        </Fact>
        <Fact name="Window">
          <code>{seqText(props.job.start_seq, props.job.end_seq)}</code>
        </Fact>
        <Fact name="Reads from">
          {storeName(props.job.replay_source) || missing}
          <Show when={props.job.replay_source_reason}>
            {(reason) => (
              <>
                <br />
                <span class="faint">{reason()}</span>
              </>
            )}
          </Show>
        </Fact>
        <Fact name="Writes to">{props.job.dry_run ? "nothing, a dry run" : props.job.target}</Fact>
        <Show when={live()?.apply}>
          {(apply) => (
            <>
              <Fact name="Order" title={apply().reason ?? undefined}>
                {orders[apply().order]}
              </Fact>
              <Fact name="At the target">{modes[apply().mode]}</Fact>
            </>
          )}
        </Show>
        <Fact name="Worker">
          <code>
            {props.job.worker_id === null
              ? missing
              : `${props.job.worker_id} · epoch ${props.job.lease_epoch}`}
          </code>
        </Fact>
        <Fact name="Lease until">
          <Moment at={props.job.lease_expires_at} as="relative" />
        </Fact>
        <Show when={live()}>
          {(held) => (
            <Fact name="At the moment">
              {held().phase}
              {held().batch === null
                ? ""
                : `, ${count(held().batch?.changes)} changes for ${duration(held().batch?.seconds)}`}
            </Fact>
          )}
        </Show>
      </Facts>
    </Card>
  )
}
