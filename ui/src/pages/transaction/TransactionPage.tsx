import { useParams } from "@solidjs/router"
import { Schema } from "effect"
import { Show } from "solid-js"
import { asProblem } from "../../api/ApiProblem.ts"
import { changesShown } from "../../api/Queries.ts"
import { ButtonLink } from "../../kit/Button.tsx"
import { CopyIcon } from "../../kit/Copy.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Empty, Loaded } from "../../kit/States.tsx"
import { Card, Fact, Facts, PageHead } from "../../kit/Surface.tsx"
import { count, plural } from "../../lib/Numbers.ts"
import { createSearchState } from "../../lib/SearchState.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { ChangeList } from "./ChangeList.tsx"
import { pageBegin } from "./Pages.ts"
import "./Transaction.css"
import { TransactionPager } from "./TransactionPager.tsx"

const shape = {
  fields: {
    /** The ordinal that the page begins with; without one it is the page of the open change. */
    from: Schema.NumberFromString.check(Schema.isInt()),
    /** The ordinal of the change that is open; none is `-1`. */
    change: Schema.NumberFromString.check(Schema.isInt())
  },
  defaults: { from: -1, change: -1 }
} as const

/** All changes of one commit, in order. */
const TransactionPage = () => {
  const params = useParams<{ seq: string }>()
  const { queries } = useApp()
  const search = createSearchState(shape)
  const seq = () => Number(params.seq)
  const isNumber = () => Number.isSafeInteger(seq()) && seq() > 0
  const from = () => {
    const { from: given, change } = search.value()
    return pageBegin(given >= 0 ? given : Math.max(0, change))
  }
  const transaction = useQuery(() => ({
    ...queries.transaction(seq(), from()),
    enabled: isNumber(),
    // Its pager stays where it is while the next page comes.
    placeholderData: (before) => (before?.seq === seq() ? before : undefined)
  }))
  const turnTo = (ordinal: number) => search.set({ from: pageBegin(ordinal), change: -1 }, { push: true })
  const isMissing = () => transaction.isError && asProblem(transaction.error).status === 404
  const held = () => (transaction.isSuccess ? transaction.data : undefined)

  return (
    <>
      <PageHead
        title={isNumber() ? `Transaction ${count(seq())}` : "There is no such transaction"}
        actions={
          <Show when={isNumber()}>
            <Show when={seq() > 1}>
              <ButtonLink
                href={`/transactions/${seq() - 1}`}
                icon="left"
                label={`Before: transaction ${count(seq() - 1)}`}
              >
                Before
              </ButtonLink>
            </Show>
            <ButtonLink
              href={`/transactions/${seq() + 1}`}
              icon="right"
              label={`After: transaction ${count(seq() + 1)}`}
            >
              After
            </ButtonLink>
          </Show>
        }
      >
        <Show when={held()}>
          {(data) => (
            <>
              {plural(data().tx_count, "change")}, committed together{" "}
              <Moment at={data().commit_time} as="relative" />: a replay applies all of them or none.
            </>
          )}
        </Show>
      </PageHead>
      <Show
        when={isNumber() && !isMissing()}
        fallback={
          <Card label="Not held">
            <Empty
              icon="search"
              title={
                isNumber()
                  ? "The archive does not hold this transaction"
                  : "Transactions are numbered from 1 on"
              }
              actions={
                <>
                  <ButtonLink href="/system">What is held</ButtonLink>
                  <ButtonLink href="/events">Live events</ButtonLink>
                </>
              }
            >
              It has not been committed yet, or it is older than what is kept.
            </Empty>
          </Card>
        }
      >
        <Loaded query={transaction}>
          {(data) => (
            <div data-component="transaction">
              <Card label="About the transaction">
                <Facts>
                  <Fact name="Committed">
                    <Moment at={data().commit_time} />
                  </Fact>
                  <Fact name="Commit LSN">
                    <code>{data().commit_lsn}</code>
                    <CopyIcon text={data().commit_lsn} label="Copy the LSN" />
                  </Fact>
                  <Fact name="xid at the source">
                    <code>{data().xid}</code>
                  </Fact>
                  <Show when={data().origin}>
                    {(origin) => (
                      <Fact
                        name="Replication origin"
                        title="It was applied at the source by a replication of its own"
                      >
                        <code>{origin()}</code>
                      </Fact>
                    )}
                  </Show>
                  <Show when={data().incarnation > 1}>
                    <Fact name="Life of the source">{data().incarnation}</Fact>
                  </Show>
                </Facts>
              </Card>
              <Card
                flush
                title="Changes"
                note={
                  data().items.length < data().tx_count
                    ? `${count((data().items[0]?.ordinal ?? 0) + 1)} to ${count((data().items.at(-1)?.ordinal ?? -1) + 1)} of ${count(data().tx_count)}`
                    : "in the order in which they were made"
                }
                actions={
                  <Show when={data().tx_count > changesShown}>
                    <TransactionPager
                      from={from()}
                      count={data().tx_count}
                      busy={transaction.isFetching}
                      onGo={turnTo}
                    />
                  </Show>
                }
              >
                <ChangeList
                  events={data().items}
                  open={search.value().change}
                  onOpen={(ordinal) => search.set({ from: from(), change: ordinal })}
                />
              </Card>
            </div>
          )}
        </Loaded>
      </Show>
    </>
  )
}

export default TransactionPage
