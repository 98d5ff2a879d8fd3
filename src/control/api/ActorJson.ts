import { Schema } from "effect"
import type { ActorNode } from "../../runtime/ActorNode.ts"

export interface ActorJson {
  readonly path: string
  readonly name: string
  readonly kind: "actor" | "supervisor"
  readonly state: string
  readonly since: string
  readonly restarts: number
  readonly last_error: string | null
  readonly mailbox: {
    readonly depth: number
    readonly capacity: number
    readonly overflow: string
    readonly dropped: number
  } | null
  readonly children: ReadonlyArray<ActorJson>
}

/** An actor or supervisor with all below it. */
export const ActorJson: Schema.Codec<ActorJson> = Schema.Struct({
  path: Schema.String,
  name: Schema.String,
  kind: Schema.Literals(["actor", "supervisor"]),
  state: Schema.String,
  since: Schema.String,
  restarts: Schema.Int,
  last_error: Schema.NullOr(Schema.String),
  mailbox: Schema.NullOr(
    Schema.Struct({
      depth: Schema.Int,
      capacity: Schema.Finite,
      overflow: Schema.String,
      dropped: Schema.Int
    })
  ),
  children: Schema.Array(Schema.suspend((): Schema.Codec<ActorJson> => ActorJson))
}).annotate({ identifier: "Actor" })

export const actorJson = (node: ActorNode): ActorJson => ({
  path: node.path,
  name: node.name,
  kind: node.kind,
  state: node.state,
  since: new Date(node.since).toISOString(),
  restarts: node.restarts,
  last_error: node.lastError ?? null,
  mailbox: node.mailbox === undefined ? null : { ...node.mailbox },
  children: node.children.map(actorJson)
})
