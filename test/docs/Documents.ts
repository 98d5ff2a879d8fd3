import { globSync, readFileSync } from "node:fs"
import { resolve } from "node:path"

export const repository = resolve(import.meta.dirname, "../..")

/** Something of the documentation that a reader would run. */
export interface Command {
  /** `docs/logs.md` */
  readonly page: string
  readonly language: "sh" | "sql"
  readonly text: string
}

/** A fenced block, with its indentation taken off. */
export interface Block {
  readonly page: string
  /** Empty for a picture or what a program prints. */
  readonly language: string
  readonly text: string
}

const pages = ["README.md", "ui/README.md", ...globSync("docs/**/*.md", { cwd: repository }).toSorted()]
const fence = /^( *)```(\w*)\n([\s\S]*?)^ *```$/gmu

const texts = pages.map((page) => ({ page, text: readFileSync(resolve(repository, page), "utf8") }))

export const blocks: ReadonlyArray<Block> = texts.flatMap(({ page, text }) =>
  Array.from(text.matchAll(fence), ([, indent = "", language = "", body = ""]) => ({
    page,
    language,
    text: body.replaceAll(new RegExp(`^${indent}`, "gmu"), "")
  }))
)

/** In running text: a whole command with all it needs, none that a reader has to complete. */
const whole =
  /^(?:npx walstream [a-z]|curl |redis-cli |SELECT |ALTER (?:SYSTEM|DATABASE \w+) SET |DEL \w)[^…]*$/u

const inline: ReadonlyArray<Command> = texts.flatMap(({ page, text }) =>
  Array.from(text.replaceAll(fence, "").matchAll(/`([^`]+)`/gu), ([, code = ""]) =>
    code.replaceAll(/\s+/gu, " ")
  )
    .filter((code) => whole.test(code))
    .map((code) => ({ page, language: /^(?:npx|curl|redis-cli|DEL)/u.test(code) ? "sh" : "sql", text: code }))
)

/** All commands, in the order of the pages, each text once. */
export const commands: ReadonlyArray<Command> = [
  ...new Map(
    [
      ...blocks.flatMap(
        ({ page, language, text }): ReadonlyArray<Command> =>
          language === "sh" || language === "sql" ? [{ page, language, text }] : []
      ),
      ...inline
    ].map((command) => [command.text, command])
  ).values()
]
