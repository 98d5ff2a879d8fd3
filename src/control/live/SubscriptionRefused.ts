import { type InvalidRequest, Unavailable } from "../api/Problems.ts"
import { invalidField } from "../InvalidField.ts"
import type { NotSubscribed } from "./LiveChannels.ts"

/** Why there is no subscription, for whoever asked for the events behind `after`. */
export const subscriptionRefused = ({ code, detail }: NotSubscribed): InvalidRequest | Unavailable =>
  code === "unavailable" ? new Unavailable({ detail }) : invalidField("after", detail)
