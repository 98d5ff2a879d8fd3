import { expect, test } from "vitest"
import { browserName } from "../../../../ui/src/lib/BrowserName.ts"
import { endOf } from "../../../../ui/src/pages/keys/Lifetimes.ts"

test("a key ends so many days from now, or never", () => {
  const now = new Date("2026-01-01T00:00:00Z")
  expect(endOf("30", now)).toBe("2026-01-31T00:00:00.000Z")
  expect(endOf("never", now)).toBeNull()
})

test("a session is told by browser and system, a program by its name", () => {
  const edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
  expect(browserName(edge)).toBe("Edge on Windows")
  expect(browserName("curl/8.5.0")).toBe("curl")
  expect(browserName("walstream/0.1.0 node")).toBe("walstream/0.1.0")
  expect(browserName("")).toBe("Unknown program")
})
