import { assert, it } from "@effect/vitest"
import { weaknessOf } from "../../../src/control/auth/WeakPassword.ts"

it("the most common passwords are nobody's, in whatever case", () => {
  for (const password of ["password", "12345678", "PassWord1", "qwertyuiop", "iloveyou", "administrator"]) {
    assert.match(weaknessOf(password, []) ?? "", /common/u, password)
  }
})

it("nor is one that is little more than the user's name, its address or ours", () => {
  const names = ["Grace.Hopper", "grace@navy.example"]
  for (const password of ["walstream", "WalStream-2026", "grace.hopper1", "1906GRACE@navy.example!"]) {
    assert.match(weaknessOf(password, names) ?? "", /beside your name/u, password)
  }
})

it("any other is good, of whatever characters", () => {
  for (const password of [
    "correct horse battery",
    "walstream keeps my orders",
    "ünïcödé ☂☂",
    "aaaa bbbb",
    "passwords of mine"
  ]) {
    assert.isUndefined(weaknessOf(password, ["ada", "ada@example.com"]), password)
  }
})
