import { Schema } from "effect"
import { createSignal, For, Show } from "solid-js"
import { useQuery } from "../../state/Query.ts"
import "../../kit/Table.css"
import type { UserJson, UserWithCode } from "../../../../src/control/api/UserJson.ts"
import { Button } from "../../kit/Button.tsx"
import { Badge, Pill } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Pager } from "../../kit/Pager.tsx"
import { Loaded } from "../../kit/States.tsx"
import { Card, PageHead } from "../../kit/Surface.tsx"
import { plural } from "../../lib/Numbers.ts"
import { createSearchState } from "../../lib/SearchState.ts"
import { useApp } from "../../state/App.ts"
import { CodeDialog } from "./CodeDialog.tsx"
import { NewUserDialog } from "./NewUserDialog.tsx"
import { UserDialog } from "./UserDialog.tsx"

const shape = { fields: { cursor: Schema.String }, defaults: { cursor: "" } } as const

/** Who may log in, and as what. */
const UsersPage = () => {
  const { queries, session } = useApp()
  const search = createSearchState(shape)
  const users = useQuery(() => queries.users(search.value().cursor))
  const [chosen, setChosen] = createSignal<UserJson>()
  const [isNew, setNew] = createSignal(false)
  const [coded, setCoded] = createSignal<UserWithCode>()
  const show = (user: UserWithCode) => {
    setNew(false)
    setChosen(undefined)
    setCoded({ ...user })
  }
  const title = () => {
    if (!users.isSuccess) return "Users"
    const { items, next_cursor: next } = users.data
    if (next !== null || search.value().cursor !== "") return "Users"
    const admins = items.filter(({ role, is_active: active }) => role === "admin" && active).length
    return `${plural(items.length, "user")}, ${plural(admins, "admin")} among them`
  }
  return (
    <>
      <PageHead
        title={title()}
        actions={
          <Button variant="primary" icon="plus" onClick={() => setNew(true)}>
            New user
          </Button>
        }
      >
        A viewer sees everything and estimates, an operator also runs replays, an admin also manages users and
        keys and accepts holes.
      </PageHead>
      <Card flush label="Users">
        <Loaded query={users}>
          {(page) => (
            <>
              <table class="table">
                <caption class="sr-only">Users, the newest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Role</th>
                    <th scope="col" class="hide-s">
                      E-mail
                    </th>
                    <th scope="col" class="hide-s">
                      Since
                    </th>
                    <th scope="col">
                      <span class="sr-only">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <For each={page().items}>
                    {(user) => (
                      <tr>
                        <td class="wrap">
                          <b>{user.username}</b>{" "}
                          <Show when={user.id === session.user()?.id}>
                            <Badge>you</Badge>
                          </Show>
                        </td>
                        <td>
                          <Show when={user.is_active} fallback={<Pill tone="bad">Disabled</Pill>}>
                            {user.role}
                          </Show>
                        </td>
                        <td class="hide-s muted wrap">{user.email ?? <span class="faint">none</span>}</td>
                        <td class="hide-s">
                          <Moment at={user.created_at} as="relative" />
                        </td>
                        <td class="num">
                          <Button
                            size="small"
                            aria-label={`Change ${user.username}`}
                            onClick={() => setChosen({ ...user })}
                          >
                            Change
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
            </>
          )}
        </Loaded>
      </Card>
      <Show when={chosen()}>
        {(user) => <UserDialog user={user()} onClose={() => setChosen(undefined)} onReset={show} />}
      </Show>
      <Show when={isNew()}>
        <NewUserDialog onClose={() => setNew(false)} onMade={show} />
      </Show>
      <Show when={coded()}>
        {(user) => <CodeDialog user={user()} onStored={() => setCoded(undefined)} />}
      </Show>
    </>
  )
}

export default UsersPage
