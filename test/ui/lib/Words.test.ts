import { describe, expect, it } from "vitest"
import { browserName } from "../../../ui/src/lib/BrowserName.ts"
import { messageText } from "../../../ui/src/lib/MessageText.ts"
import { worstFirst } from "../../../ui/src/pages/system/Findings.ts"

describe("in words", () => {
  it("a device is what people tell theirs apart by", () => {
    const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"
    expect(browserName(chrome)).toBe("Chrome on Linux")
    expect(browserName(`${chrome} Edg/156.0`)).toBe("Edge on Linux")
    expect(browserName("Mozilla/5.0 (Linux; Android 16) Firefox/150.0")).toBe("Firefox on Android")
    expect(browserName("curl/8.5.0")).toBe("curl")
    expect(browserName("walstream-cli/0.1 (linux)")).toBe("walstream-cli/0.1")
    expect(browserName("")).toBe("Unknown program")
  })

  it("a message is text where its bytes are, else as it came", () => {
    expect(messageText("aMOpbGxv")).toEqual({ text: "héllo", isText: true })
    expect(messageText("/w==")).toEqual({ text: "/w==", isText: false })
    expect(messageText("no base64!")).toEqual({ text: "no base64!", isText: false })
  })

  it("what the doctor found begins with the worst, of whatever part", () => {
    const finding = (severity: "error" | "warning" | "info") => ({
      severity,
      code: severity,
      message: severity,
      fix: null
    })
    const sections = [
      { part: "source", findings: [finding("info"), finding("warning")], skipped: null },
      { part: "kafka", findings: [finding("error")], skipped: null }
    ]
    expect(worstFirst(sections).map(({ part, severity }) => [part, severity])).toEqual([
      ["kafka", "error"],
      ["source", "warning"],
      ["source", "info"]
    ])
  })
})
