import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { roles } from "../../control/api/Role.ts"
import type { UserJson, UserWithCode } from "../../control/api/UserJson.ts"
import { type Api, api } from "./ApiClient.ts"
import { failed } from "./CliFailure.ts"
import { plainTime } from "./JobText.ts"
import { answer } from "./Root.ts"
import { textTable } from "./TextTable.ts"

/** Newest first. */
const allUsers = Effect.fnUntraced(function* ({ ask }: Api) {
  const users: Array<UserJson> = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const after = cursor === undefined ? {} : { cursor }
    const page: { readonly items: ReadonlyArray<UserJson>; readonly next_cursor: string | null } = yield* ask(
      (rpc) => rpc["users.list"]({ query: { limit: 200, ...after } })
    )
    users.push(...page.items)
    cursor = page.next_cursor
  }
  return users
})

/** What the admin hands on. In the part behind the `#`, which no browser sends and no proxy writes down. */
const handOn = (url: string, { username, code, code_expires_at: end }: UserWithCode): string =>
  `${username} chooses a password, once, until ${plainTime(end)}, at\n  ${url}/set-password#${code}`

const name = Argument.String("name")

const list = Command.make("list", {}, () =>
  Effect.gen(function* () {
    const users = yield* allUsers(yield* api)
    const rows = users.map(({ username, role, is_active: active, email, created_at: at }) => [
      username,
      active ? role : "disabled",
      email ?? "",
      plainTime(at)
    ])
    yield* answer(users, textTable([["name", "role", "e-mail", "since"], ...rows]))
  })
).pipe(Command.withDescription("Who may log in, and as what"))

const create = Command.make(
  "create",
  {
    name,
    role: Flag.Literals("role", roles).pipe(Flag.withDefault("viewer")),
    email: Flag.String("email").pipe(Flag.optional)
  },
  ({ name: username, role, email }) =>
    Effect.gen(function* () {
      const { url, ask } = yield* api
      const payload = { username, role, email: Option.getOrNull(email) }
      const made = yield* ask((rpc) => rpc["users.create"]({ payload }))
      yield* answer(made, handOn(url, made))
    })
).pipe(Command.withDescription("Make a user; it chooses its password at the address that is shown once"))

const userNamed = Effect.fnUntraced(function* (connected: Api, username: string) {
  const users = yield* allUsers(connected)
  const user = users.find((each) => each.username.toLowerCase() === username.toLowerCase())
  return user ?? (yield* failed(`there is no user ${username}`))
})

const reset = Command.make("reset-password", { name }, ({ name: username }) =>
  Effect.gen(function* () {
    const connected = yield* api
    const user = yield* userNamed(connected, username)
    const made = yield* connected.ask((rpc) => rpc["users.resetPassword"]({ params: { id: user.id } }))
    yield* answer(made, handOn(connected.url, made))
  })
).pipe(Command.withDescription("Log somebody out everywhere, and let it choose another password"))

const removeSecondFactor = Command.make("remove-second-factor", { name }, ({ name: username }) =>
  Effect.gen(function* () {
    const connected = yield* api
    const { id, username: whose } = yield* userNamed(connected, username)
    yield* connected.ask((rpc) => rpc["users.removeSecondFactor"]({ params: { id } }))
    yield* answer({ id, username: whose }, `${whose} is logged out, and logs in by password alone`)
  })
).pipe(
  Command.withDescription("For somebody who has lost app and recovery codes: let the password be enough")
)

export const usersCommand = Command.make("users").pipe(
  Command.withDescription("Who may log in"),
  Command.withSubcommands([list, create, reset, removeSecondFactor])
)
