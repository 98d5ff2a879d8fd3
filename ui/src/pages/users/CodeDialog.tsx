import type { UserWithCode } from "../../../../src/control/api/UserJson.ts"
import { Button } from "../../kit/Button.tsx"
import { CodeLine } from "../../kit/Copy.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Moment } from "../../kit/Moment.tsx"

interface CodeDialogProps {
  readonly user: UserWithCode
  /** The code is nowhere on the page from then on. */
  readonly onStored: () => void
}

/** Where somebody chooses a password, this once: it is left by saying so, not by accident. */
export const CodeDialog = (props: CodeDialogProps) => (
  <Dialog
    stays
    title={`A password for ${props.user.username}`}
    onClose={props.onStored}
    footer={
      <Button variant="primary" icon="check" onClick={props.onStored}>
        I handed it on
      </Button>
    }
  >
    <p>
      <b>It is shown this once.</b> Whoever opens it chooses the password of {props.user.username}, once,
      until <Moment at={props.user.code_expires_at} />. Hand it on where nobody else reads it.
    </p>
    <CodeLine text={`${window.location.origin}/set-password#${props.user.code}`} label="Copy the address" />
  </Dialog>
)
