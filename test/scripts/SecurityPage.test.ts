import { readFile } from "node:fs/promises"
import { assert, it } from "@effect/vitest"

const root = new URL("../../", import.meta.url)

it("docs/security.md names tests that there are", async () => {
  const page = (await readFile(new URL("docs/security.md", root), "utf8")).replaceAll(/\n(?!\n)/gu, " ")
  const named = [...page.matchAll(/`(test\/[\w/.-]+\.test\.ts)`: "([^"]+)"/gu)]
  assert.isAbove(named.length, 60)
  // Every file that is mentioned is mentioned with a test's name.
  assert.lengthOf([...page.matchAll(/`test\/[^`]+`/gu)], named.length)
  for (const [, file = "", name = ""] of named) {
    const source = await readFile(new URL(file, root), "utf8")
    assert.isTrue(source.includes(`"${name}"`), `${file} has no test "${name}"`)
  }
})
