/** For everything that is not a page: nothing in it is to be run or framed. */
const apiPolicy = "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; sandbox"

/** For our own pages: only what we serve ourselves, nothing inline. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

/** On every answer; what a route has set itself stands. */
export const commonHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": apiPolicy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
  // Of no effect over plain HTTP, where browsers pass over it.
  "strict-transport-security": "max-age=31536000; includeSubDomains"
}
