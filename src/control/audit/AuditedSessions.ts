import type { EndedSession } from "../auth/EndedSession.ts"
import { noteChange } from "./AuditNote.ts"

/** For the record: the one session that was ended. */
export const noteEnded = ({ id, address, user_agent }: EndedSession) =>
  noteChange({ target: id, before: { address, user_agent }, after: null })

/** Those of a user that were ended, whose id is the target. */
export const noteEndedAll = (
  userId: string,
  ended: ReadonlyArray<EndedSession>,
  isUnchanged = ended.length === 0
) =>
  noteChange({
    target: userId,
    before: { sessions: ended.map(({ id }) => id) },
    after: { sessions: [] },
    isUnchanged
  })
