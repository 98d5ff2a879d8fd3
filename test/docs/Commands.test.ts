import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeDemoSystem } from "./DemoSystem.ts"
import { blocks, type Command, commands, repository } from "./Documents.ts"
import { notRun, programs, reasonOf } from "./NotRun.ts"

const loses = ({ text }: Command) => text.includes("source accept-gap")
/** In the order of the pages; what needs a hole in the history comes last. */
const run = commands
  .filter((command) => reasonOf(command) === undefined)
  .toSorted((a, b) => Number(loses(a)) - Number(loses(b)))

describe("the documentation's commands", () => {
  it("are run, or say why not; no reason is left over, and what it names is there", () => {
    for (const reason of notRun)
      assert.isTrue(
        commands.some((command) => reasonOf(command) === reason),
        `${reason.page}: ${reason.starts}`
      )
    const others = blocks.filter(({ language }) => !["", "sh", "sql", "json", "yaml"].includes(language))
    for (const { page, text } of others)
      assert.isTrue(
        programs.some((program) => program.page === page && text.startsWith(program.starts)),
        `${page}: ${text}`
      )
    for (const { why } of [...notRun, ...programs])
      for (const [file] of why.matchAll(/test\/[\w/]+\.test\.ts/gu))
        assert.isTrue(existsSync(resolve(repository, file)), file)
    assert.isAbove(run.length, 20)
  })
})

/** What a reader fills in: `head` is what the command before has ended with. */
const filled = (text: string, password: string, head: string): string =>
  text
    .replaceAll("812:9f2c…", head)
    .replaceAll("password=…'", `password=${encodeURIComponent(password)}'`)
    .replaceAll("PASSWORD '…'", "PASSWORD 'of the reader'")
    .replaceAll("FOR TABLE …", "FOR TABLE public.orders")
    .replaceAll(/ (?:ID|<id>)(?= |$)/gu, " latest")

/** Statements run by themselves; alternatives that begin with a comment leave nothing behind. */
const asShell = ({ language, text }: Command): string => {
  if (language === "sh") return text
  const parts = text.split(/^(?=-- )/mu).filter((part) => part.trim() !== "")
  const psql = `psql "$SOURCE_URL" --quiet --set=ON_ERROR_STOP=1`
  return parts
    .map((part) =>
      parts.length > 1 || part.startsWith("-- ")
        ? `${psql} <<'END'\nBEGIN; DROP PUBLICATION walstream_publication;\n${part}\nROLLBACK;\nEND`
        : `${psql} <<'END'\n${part}\nEND`
    )
    .join("\n")
}

describeWith("pg_upgrade", "the documentation's commands, on a running demo", () => {
  it.live(
    "do as they are written",
    () =>
      Effect.gen(function* () {
        const system = yield* makeDemoSystem
        // What goes wrong is seen: in a shell, of a request, and of a command without one.
        for (const wrong of ["false; true", "curl -s localhost:8000/api/v1/nothing", "SELECT 1 FROM nothing"])
          assert.isFalse(
            (yield* system.shell(
              asShell({ page: "", language: wrong.startsWith("SELECT") ? "sql" : "sh", text: wrong })
            )).ok,
            wrong
          )
        assert.isFalse((yield* system.cli("npx walstream jobs show nothing")).ok)
        const failures: Array<string> = []
        let head = ""
        const done = new Set<string>()
        for (const command of run) {
          const text = filled(command.text, system.password, head)
          if (done.has(text)) continue
          done.add(text)
          if (/ (?:ID|<id>)(?: |$)/u.test(command.text)) yield* system.failJob
          if (loses(command)) yield* system.loseSlot
          // Where it is set `audit verify` asks the database, not the API.
          const more: Record<string, string> = /walstream migrate|DATABASE_URL/u.test(text)
            ? { DATABASE_URL: system.databaseUrl }
            : {}
          const { ok, said } = yield* /^npx walstream [\w .-]+$/u.test(text)
            ? system.cli(text, more)
            : system.shell(asShell({ ...command, text }), more)
          head = /\d+:[0-9a-f]{8,}/u.exec(said)?.[0] ?? head
          if (!ok) failures.push(`${command.page}: ${command.text}\n${said}`)
        }
        assert.strictEqual(failures.join("\n\n"), "")
        assert.strictEqual(yield* system.demo.stop, 0, system.demo.log())
      }).pipe(Effect.scoped),
    { timeout: 400_000 }
  )
})
