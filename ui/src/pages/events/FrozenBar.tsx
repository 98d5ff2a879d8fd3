import { Show } from "solid-js"
import { Button } from "../../kit/Button.tsx"
import { Dot } from "../../kit/Marks.tsx"
import { count, plural } from "../../lib/Numbers.ts"
import { capacity, type EventFeed } from "./EventFeed.ts"

/** That it stands still, why, and how to go on: never to be taken for a broken page. */
export const FrozenBar = (props: { readonly feed: EventFeed; readonly onNewest: () => void }) => {
  const fallen = () => Math.max(0, props.feed.newer() - capacity)
  return (
    <>
      <Show when={props.feed.frozen() !== null}>
        <div data-component="frozen">
          <Dot tone="warn" />
          <b>Paused</b>
          <span>
            {plural(props.feed.newer(), "newer change")}
            <Show when={fallen() > 0}>, of which the oldest {count(fallen())} are kept no more</Show>
          </span>
          <span class="grow" />
          <Button size="small" onClick={() => props.onNewest()}>
            Resume, jump to newest
          </Button>
        </div>
      </Show>
      <Show when={props.feed.away()}>
        <div data-component="frozen" role="status">
          <Dot tone="warn" />
          <span>
            The live buffer does not answer. It goes on by itself when it is back; the archive has everything.
          </span>
        </div>
      </Show>
      <Show when={props.feed.lost().missing > 0}>
        <div data-component="frozen" role="status">
          <Dot tone="warn" />
          <span>
            {plural(props.feed.lost().missing, "transaction")} left the live buffer before this page could
            show them. The archive has them.
          </span>
        </div>
      </Show>
    </>
  )
}
