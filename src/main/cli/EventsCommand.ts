import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { operations } from "../../domain/Change.ts"
import type { Event } from "../../domain/Event.ts"
import { api } from "./ApiClient.ts"
import { eventLine } from "./EventText.ts"
import { root } from "./Root.ts"
import { Screen } from "./Screen.ts"

/** The most that one look takes. */
const page = 1000

const isAfter = (event: Event, last: Event | undefined): boolean =>
  last === undefined || event.seq > last.seq || (event.seq === last.seq && event.ordinal > last.ordinal)

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
      const { client, explain } = yield* api
      const filter = {
        ...(Option.isSome(given.table) ? { table: given.table.value } : {}),
        ...(Option.isSome(given.operation) ? { operation: given.operation.value } : {}),
        ...(Option.isSome(given.key) ? { key: given.key.value } : {}),
        ...(Option.isSome(given.text) ? { text: given.text.value } : {})
      }
      let last: Event | undefined
      while (true) {
        const limit = last === undefined ? Math.min(Math.max(1, lines), page) : page
        const { items } = yield* client.events
          .recent({ query: { ...filter, limit } })
          .pipe(Effect.mapError(explain))
        const since = last
        const fresh = items.filter((event) => isAfter(event, since)).toReversed()
        if (since !== undefined && fresh.length === page && !json) {
          yield* screen.line("… more came than fit: some are not shown")
        }
        for (const event of fresh) {
          yield* screen.line(
            json ? JSON.stringify(event) : eventLine(event, screen.isTerminal ? screen.columns : 200)
          )
        }
        last = items[0] ?? last
        if (once) return
        yield* Effect.sleep("500 millis")
      }
    })
).pipe(Command.withDescription("Show changes as they are captured"))

export const eventsCommand = Command.make("events").pipe(
  Command.withDescription("Captured changes"),
  Command.withSubcommands([tail])
)
