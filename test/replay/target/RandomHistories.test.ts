import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { origin } from "../../../src/domain/Position.ts"
import type { ApplyOptions } from "../../../src/replay/Target.ts"
import { Dice } from "../../log/Dice.ts"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { randomWork, rowByRowTables, shapes } from "./RandomWork.ts"
import { cutBatches, endOf, makeScene, Server } from "./TargetScene.ts"

interface Mode {
  readonly name: string
  readonly options: Partial<ApplyOptions>
  readonly asOwner: boolean
  readonly viaRoot?: boolean
  readonly avoid: RegExp
}

const nothing = /^$/u
const modes: ReadonlyArray<Mode> = [
  { name: "by net effect", options: {}, asOwner: false, viaRoot: true, avoid: rowByRowTables },
  { name: "all kinds of tables", options: {}, asOwner: false, avoid: nothing },
  { name: "row by row", options: { onMismatch: "fail" }, asOwner: false, avoid: nothing },
  {
    name: "with foreign keys and without their actions",
    options: {},
    asOwner: true,
    avoid: /parent|excluding|keyless|counted|odd_key|nocase/u
  },
  { name: "without the right to be a replica", options: {}, asOwner: true, avoid: nothing }
]

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("random histories", (it) => {
  for (const { name, options, asOwner, viaRoot = false, avoid } of modes) {
    it.effect(
      `end as at the source, however they are cut: ${name}`,
      () =>
        Effect.gen(function* () {
          const seed = Number(process.env["SEED"] ?? 7)
          const dice = new Dice(seed)
          const scene = yield* makeScene(shapes, { asOwner, viaRoot })
          const session = yield* scene.open(options)
          yield* session.position
          let follows = origin
          let converged = 0
          for (let round = 0; round < 4; round++) {
            yield* randomWork(scene.source, dice, 60, avoid)
            const chunks = yield* scene.history
            for (const batch of cutBatches(chunks, () => 1 + dice.below(60))) {
              const until = endOf(batch)
              // Deferred constraints hold at the ends of transactions only.
              const goesOn = batch.at(-1)?.last === false && (asOwner || dice.oneIn(2))
              const counters = yield* session.apply({ chunks: batch, follows, until, goesOn })
              converged += counters.converged
              follows = until
            }
            yield* assertSameDatabases(scene.sourceUrl, scene.adminUrl)
          }
          // Where foreign keys act at the target too, the source's own cascades find their rows gone.
          if (!asOwner) assert.strictEqual(converged, 0)
        }),
      60_000
    )
  }
})
