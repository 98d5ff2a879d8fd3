import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { api } from "./ApiClient.ts"
import { failed } from "./CliFailure.ts"
import { answer } from "./Root.ts"

const acceptGap = Command.make(
  "accept-gap",
  { reason: Flag.String("reason").pipe(Flag.withDescription("why it may be gone over; it is kept")) },
  ({ reason }) =>
    Effect.gen(function* () {
      const { ask, url } = yield* api
      const { phase, gap, message } = yield* ask((rpc) => rpc["system.source"]())
      if (gap === null) return yield* failed(`nothing is lost: capture is ${phase}`)
      const accepted = yield* ask((rpc) => rpc["system.acceptGap"]({ payload: { gap: gap.id, reason } }))
      yield* answer(
        accepted,
        [
          `accepted as ${accepted.accepted_by}: ${message ?? accepted.message}`,
          `capture goes on within seconds, in life ${accepted.incarnation + 1} of ${accepted.source}: see \`walstream status --url ${url}\``,
          "targets that were kept up to date need a fresh copy of what they missed"
        ].join("\n")
      )
    })
).pipe(
  Command.withDescription(
    "Let capture go over the hole that it has stopped at: what is missing stays missing, and is on record (admin)"
  )
)

export const sourceCommand = Command.make("source").pipe(
  Command.withDescription("The captured database"),
  Command.withSubcommands([acceptGap])
)
