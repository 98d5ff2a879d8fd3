import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { Targets } from "../../src/replay/Target.ts"
import type { ClientTls, ServerTls } from "../../src/replayer/ReplayerSecurity.ts"
import { defaults } from "../replay/target/TargetScene.ts"
import { throughReplayer } from "./TestReplayer.ts"

const pem = (name: string) => readFileSync(new URL(`certificates/${name}`, import.meta.url), "utf8")
const key = (name: string) => Redacted.make(pem(name))

const server: ServerTls = { certificate: pem("server.pem"), key: key("server.key"), clientAuthority: null }
const mutual: ServerTls = { ...server, clientAuthority: pem("authority.pem") }
const client: ClientTls = { authority: pem("authority.pem"), identity: null }
const known: ClientTls = {
  ...client,
  identity: { certificate: pem("client.pem"), key: key("client.key") }
}
const stranger: ClientTls = { authority: pem("other-authority.pem"), identity: null }

interface Ends {
  readonly server: ServerTls | null
  readonly client: ClientTls | null
  readonly shown?: string
}

/** What opening a dry run comes to: undefined when it works. */
const outcome = ({ server: serverTls, client: clientTls, shown = "token" }: Ends) =>
  Effect.gen(function* () {
    const targets = Context.get(
      yield* Layer.build(
        throughReplayer(
          { targets: {}, source: null },
          { tls: serverTls, token: Redacted.make("token") },
          { tls: clientTls, token: shown === "" ? null : Redacted.make(shown), openMillis: 5000 }
        )
      ),
      Targets
    )
    const session = yield* targets.open("there", true, defaults)
    assert.isNull(yield* session.position)
    return undefined
  }).pipe(
    Effect.scoped,
    Effect.catchTag("TargetError", ({ reason, message }) => Effect.succeed({ tag: reason._tag, message }))
  )

describe("the way to a replayer", () => {
  it.live("is open to who has the token and knows the certificate", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* outcome({ server: null, client: null }))
      assert.isUndefined(yield* outcome({ server, client }))
      assert.isUndefined(yield* outcome({ server: mutual, client: known }))
    })
  )

  it.live("is closed to all others, for good, and says why", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Ends, string, RegExp]> = [
        [{ server: null, client: null, shown: "guessed" }, "Refused", /token is not the right one/u],
        [{ server: null, client: null, shown: "" }, "Refused", /a bearer token is needed/u],
        [{ server, client: stranger }, "Refused", /certificate/u],
        [{ server, client: { authority: null, identity: null } }, "Refused", /certificate/u],
        [{ server: mutual, client }, "Refused", /certificate/u],
        [{ server: null, client }, "Refused", /does not speak TLS/u],
        // Nothing tells one that wants TLS from one that is just going down.
        [{ server, client: null }, "Unavailable", /the replayer: /u]
      ]
      for (const [ends, tag, says] of cases) {
        const found = yield* outcome(ends)
        assert.strictEqual(found?.tag, tag, found?.message)
        assert.match(found?.message ?? "", says)
        assert.notInclude(found?.message, "guessed")
      }
    })
  )
})
