import { Schema } from "effect"
import { createSignal, For, Match, Show, Switch } from "solid-js"
import { useQuery } from "../../state/Query.ts"
import "../../kit/Table.css"
import type { ApiKeyJson } from "../../../../src/control/api/ApiKeyJson.ts"
import { Button } from "../../kit/Button.tsx"
import { Badge, Pill } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Pager } from "../../kit/Pager.tsx"
import { Empty, Loaded } from "../../kit/States.tsx"
import { Card, PageHead } from "../../kit/Surface.tsx"
import { createSearchState } from "../../lib/SearchState.ts"
import { useApp } from "../../state/App.ts"
import { NewKeyDialog } from "./NewKeyDialog.tsx"
import { RemoveKeyDialog } from "./RemoveKeyDialog.tsx"
import { RotateKeyDialog } from "./RotateKeyDialog.tsx"
import { SecretDialog } from "./SecretDialog.tsx"

const shape = { fields: { cursor: Schema.String }, defaults: { cursor: "" } } as const

type Dialogue =
  | { readonly show: "new" }
  | { readonly show: "rotate"; readonly key: ApiKeyJson }
  | { readonly show: "remove"; readonly key: ApiKeyJson }
  | { readonly show: "secret"; readonly name: string; readonly secret: string }

const week = 7 * 86_400_000

const Expiry = (props: { readonly at: string | null; readonly now: Date }) => {
  const left = () => (props.at === null ? null : Date.parse(props.at) - props.now.getTime())
  return (
    <Show when={left() !== null} fallback={<span class="muted">never</span>}>
      <Show when={(left() ?? 0) > 0} fallback={<Pill tone="bad">Expired</Pill>}>
        <Show when={(left() ?? 0) < week} fallback={<Moment at={props.at} as="relative" />}>
          <Pill tone="warn">Soon</Pill> <Moment at={props.at} as="relative" />
        </Show>
      </Show>
    </Show>
  )
}

/** Keys for programs: who made them, for what, when they were used last. */
const KeysPage = () => {
  const { queries, now, session } = useApp()
  const search = createSearchState(shape)
  const keys = useQuery(() => queries.keys(search.value().cursor))
  const [dialogue, setDialogue] = createSignal<Dialogue | null>(null)
  const close = () => setDialogue(null)
  const shown = (name: string, secret: string) => setDialogue({ show: "secret", name, secret })
  const make = () => (
    <Button variant="primary" icon="plus" onClick={() => setDialogue({ show: "new" })}>
      New key
    </Button>
  )
  const which = <S extends Dialogue["show"]>(show: S): Extract<Dialogue, { show: S }> | undefined => {
    const held = dialogue()
    // Narrowed by its tag, which the compiler does not follow through a type parameter.
    return held?.show === show ? (held as Extract<Dialogue, { show: S }>) : undefined
  }
  const isOwn = (key: ApiKeyJson) => key.user_id === session.user()?.id
  return (
    <>
      <PageHead title="API keys" actions={make()}>
        For programs. A key never may more than who made it may at present, and ends with them.
      </PageHead>
      <Card flush label="API keys">
        <Loaded query={keys}>
          {(page) => (
            <Show
              when={page().items.length > 0}
              fallback={
                <Empty icon="keys" title="No key yet" actions={make()}>
                  A program shows its key as <code>Authorization: Bearer $WALSTREAM_API_KEY</code>.
                </Empty>
              }
            >
              <table class="table">
                <caption class="sr-only">API keys, the newest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col" class="hide-s">
                      Key
                    </th>
                    <th scope="col">May</th>
                    <th scope="col" class="hide-s">
                      Made by
                    </th>
                    <th scope="col" class="hide-s">
                      Used last
                    </th>
                    <th scope="col" class="hide-s">
                      Expires
                    </th>
                    <th scope="col">
                      <span class="sr-only">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <For each={page().items}>
                    {(key) => (
                      <tr>
                        <td class="wrap">
                          <b>{key.name}</b>
                        </td>
                        <td class="hide-s mono faint" title={`wsk_${key.id}_…`}>
                          wsk_{key.id.slice(0, 8)}…
                        </td>
                        <td>
                          <span class="row">
                            <For each={key.scopes}>{(scope) => <Badge>{scope}</Badge>}</For>
                          </span>
                        </td>
                        <td class="hide-s">
                          {key.username}{" "}
                          <span class="faint">
                            <Moment at={key.created_at} as="relative" />
                          </span>
                        </td>
                        <td class="hide-s">
                          <Show when={key.last_used_at} fallback={<span class="faint">never</span>}>
                            <Moment at={key.last_used_at} as="relative" />
                          </Show>
                        </td>
                        <td class="hide-s">
                          <Expiry at={key.expires_at} now={now()} />
                        </td>
                        <td class="num">
                          <Button
                            size="small"
                            aria-label={`New secret for ${key.name}`}
                            blocked={isOwn(key) ? null : "Only who made a key changes its secret"}
                            onClick={() => setDialogue({ show: "rotate", key: { ...key } })}
                          >
                            New secret
                          </Button>{" "}
                          <Button
                            size="small"
                            aria-label={`Remove ${key.name}`}
                            onClick={() => setDialogue({ show: "remove", key: { ...key } })}
                          >
                            Remove
                          </Button>
                        </td>
                      </tr>
                    )}
                  </For>
                </tbody>
              </table>
              <Pager
                cursor={search.value().cursor}
                next={page().next_cursor}
                onGo={(cursor) => search.set({ cursor }, { push: true })}
              />
            </Show>
          )}
        </Loaded>
      </Card>
      <Switch>
        <Match when={which("new")}>
          <NewKeyDialog onClose={close} onMade={shown} />
        </Match>
        <Match when={which("rotate")}>
          {(held) => <RotateKeyDialog apiKey={held().key} onClose={close} onMade={shown} />}
        </Match>
        <Match when={which("remove")}>
          {(held) => <RemoveKeyDialog apiKey={held().key} onClose={close} />}
        </Match>
        <Match when={which("secret")}>
          {(held) => <SecretDialog name={held().name} secret={held().secret} onStored={close} />}
        </Match>
      </Switch>
    </>
  )
}

export default KeysPage
