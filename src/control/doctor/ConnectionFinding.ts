import { error, type Finding } from "../../ingest/doctor/Finding.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"

/** Why a database cannot be asked, and which variable to look at. `what` begins the sentence: "target default". */
export const connectionFinding = (what: string, variable: string, cause: PostgresError): Finding => {
  if (cause.code === "3D000") {
    return error(
      "no_database",
      `${what}: ${cause.message}`,
      `check the database's name in ${variable}, or create it`
    )
  }
  switch (cause.failure) {
    case "unavailable":
    case "contention":
    case "resources":
    case "cancelled":
      return error(
        "unreachable",
        `${what} does not answer: ${cause.message}`,
        `check that the server runs and that ${variable} reaches it`
      )
    case "refused":
      return error(
        "refused",
        `${what} refuses the login: ${cause.message}`,
        `check user and password in ${variable}, and pg_hba.conf at the server`
      )
    case "rejected":
      return error("failed", `${what}: ${cause.message}`, null)
  }
}
