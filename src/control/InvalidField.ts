import { InvalidRequest } from "./api/Problems.ts"

/** A request that is well formed, but for what one of its fields says. */
export const invalidField = (path: string, message: string): InvalidRequest =>
  new InvalidRequest({ detail: `look at ${path}`, errors: [{ path, message }] })
