import { changesShown } from "../../api/Queries.ts"
import { Button } from "../../kit/Button.tsx"
import { Input } from "../../kit/Form.tsx"
import { count } from "../../lib/Numbers.ts"
import { pageBegin } from "./Pages.ts"

interface TransactionPagerProps {
  /** The ordinal that the page begins with. */
  readonly from: number
  readonly count: number
  readonly busy: boolean
  /** To the page with this ordinal. */
  readonly onGo: (ordinal: number) => void
}

/** Through the changes of a large transaction: page by page, or to the one with a number. */
export const TransactionPager = (props: TransactionPagerProps) => {
  const last = () => pageBegin(props.count - 1)
  return (
    <div class="row">
      <Button
        size="small"
        icon="left"
        aria-label="The changes before"
        blocked={props.from === 0 ? "These are the first" : null}
        busy={props.busy}
        onClick={() => props.onGo(Math.max(0, props.from - changesShown))}
      >
        Before
      </Button>
      <Input
        mono
        data-part="number"
        inputmode="numeric"
        aria-label={`To the change with the number, 1 to ${count(props.count)}`}
        value={count(props.from + 1)}
        onChange={(event) => {
          const number = Number(event.currentTarget.value.replaceAll(",", "").trim())
          const isOne = Number.isSafeInteger(number) && number >= 1
          if (isOne) props.onGo(Math.min(number, props.count) - 1)
          else event.currentTarget.value = count(props.from + 1)
        }}
      />
      <Button
        size="small"
        icon="right"
        aria-label="The changes after"
        blocked={props.from >= last() ? "These are the last" : null}
        busy={props.busy}
        onClick={() => props.onGo(props.from + changesShown)}
      >
        After
      </Button>
      <Button
        size="small"
        variant="quiet"
        blocked={props.from >= last() ? "These are the last" : null}
        onClick={() => props.onGo(last())}
      >
        Last
      </Button>
    </div>
  )
}
