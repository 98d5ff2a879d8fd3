import { Effect, Option, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import type { Watched } from "../../control/rpc/WalstreamRpc.ts"
import { type Operation, operations } from "../../domain/Change.ts"
import type { Event } from "../../domain/Event.ts"
import { api } from "./ApiClient.ts"
import { failed } from "./CliFailure.ts"
import { eventLine } from "./EventText.ts"
import { count } from "./JobText.ts"
import { jsonText } from "./JsonText.ts"
import { root } from "./Root.ts"
import { Screen } from "./Screen.ts"

/** The most that is shown of what was there before. */
const most = 1000

const isAfter = (event: Event, last: Event | undefined): boolean =>
  last === undefined || event.seq > last.seq || (event.seq === last.seq && event.ordinal > last.ordinal)

interface RecentQuery {
  readonly table?: string
  readonly operation?: Operation
  readonly key?: string
  readonly text?: string
  readonly limit: number
}

/** What the feed itself has to say, for people. */
const told = (watched: Exclude<Watched, { readonly type: "event" }>): string => {
  if (watched.type === "dropped")
    return `… ${count(watched.dropped)} more came than could be taken: not shown`
  const { notice } = watched
  switch (notice.code) {
    case "missing":
      return `… transactions ${count(notice.from_seq)} to ${count(notice.until_seq - 1)} are not in the live buffer: not shown`
    case "away":
      return "… the live buffer does not answer: waiting"
    case "back":
      return "… the live buffer answers again"
  }
}

const filters = {
  table: Flag.String("table").pipe(Flag.withDescription("schema.table, or a table's name"), Flag.optional),
  operation: Flag.Literals("operation", operations).pipe(
    Flag.withDescription("only this operation"),
    Flag.optional
  ),
  key: Flag.String("key").pipe(Flag.withDescription("a key column's value"), Flag.optional),
  text: Flag.String("text").pipe(Flag.withDescription("part of a value or a name"), Flag.optional)
}

const tail = Command.make(
  "tail",
  {
    ...filters,
    lines: Flag.Int("lines").pipe(
      Flag.withAlias("n"),
      Flag.withDescription("how many of the newest to begin with, up to 1000"),
      Flag.withDefault(10)
    ),
    once: Flag.Boolean("once").pipe(Flag.withDescription("do not wait for more"), Flag.withDefault(false))
  },
  ({ lines, once, ...given }) =>
    Effect.gen(function* () {
      const { json } = yield* root
      const screen = yield* Screen
      const { ask, url } = yield* api
      const filter = {
        ...(Option.isSome(given.table) ? { table: given.table.value } : {}),
        ...(Option.isSome(given.operation) ? { operation: given.operation.value } : {}),
        ...(Option.isSome(given.key) ? { key: given.key.value } : {}),
        ...(Option.isSome(given.text) ? { text: given.text.value } : {})
      }
      const show = (event: Event) =>
        screen.line(json ? jsonText(event) : eventLine(event, screen.isTerminal ? screen.columns : 200))
      const recent = (query: RecentQuery) => ask((rpc) => rpc["events.recent"]({ query }))

      // From here on nothing is missed, whatever the filter lets through of what was before.
      const [newest] = (yield* recent({ limit: 1 })).items
      const before = (yield* recent({ ...filter, limit: Math.min(Math.max(1, lines), most) })).items
      yield* Effect.forEach(before.toReversed(), show, { discard: true })
      if (once) return
      const last = before[0]
      const from = newest === undefined ? {} : { after: newest.position }
      yield* ask((rpc) =>
        Stream.runForEach(rpc["events.stream"]({ filter, ...from }), (watched) => {
          if (watched.type !== "event") return screen.line(json ? jsonText(watched) : told(watched))
          return isAfter(watched.event, last) ? show(watched.event) : Effect.void
        })
      )
      return yield* failed(`${url} has ended the stream`)
    })
).pipe(Command.withDescription("Show changes as they are captured"))

export const eventsCommand = Command.make("events").pipe(
  Command.withDescription("Captured changes"),
  Command.withSubcommands([tail])
)
