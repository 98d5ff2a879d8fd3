import { spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"

const secret = "somebody@example.com"

/** Of a process that goes on otherwise, and in which this happens. */
const endOf = (happens: string) =>
  spawnSync(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--input-type=module",
      "--eval",
      `import { Effect } from "effect"
       import { runProcess } from "./src/main/Process.ts"
       const broken = Object.assign(new Error("duplicate key ${secret}"), { code: "23505", detail: "Key (email)=(${secret})" })
       setTimeout(() => { ${happens} })
       runProcess(Effect.never)`
    ],
    { encoding: "utf8", timeout: 60_000 }
  )

describe("what nobody caught", () => {
  for (const happens of ["throw broken", "Promise.reject(broken)", `throw "${secret}"`])
    it(`ends the process, and is told without what it holds: ${happens.slice(0, 20)}`, () => {
      const { status, stdout, stderr } = endOf(happens)
      assert.strictEqual(status, 1)
      assert.include(stderr, "walstream: nobody caught")
      assert.notInclude(stdout + stderr, secret)
      if (happens.includes("broken")) assert.match(stderr, /of kind Error \(23505\)\n\s+at /u)
    })
})
