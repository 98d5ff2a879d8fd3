import { Button } from "../../kit/Button.tsx"
import { CodeLine } from "../../kit/Copy.tsx"
import { Dialog } from "../../kit/Dialog.tsx"

interface SecretDialogProps {
  readonly name: string
  readonly secret: string
  /** It is nowhere on the page from then on. */
  readonly onStored: () => void
}

/** A key's secret, this once: it is left by saying so, not by accident. */
export const SecretDialog = (props: SecretDialogProps) => (
  <Dialog
    stays
    title={`The key of ${props.name}`}
    onClose={props.onStored}
    footer={
      <Button variant="primary" icon="check" onClick={props.onStored}>
        I stored it
      </Button>
    }
  >
    <p>
      <b>It is shown this once.</b> WalStream keeps a digest only: whoever loses the key makes another.
    </p>
    <CodeLine text={props.secret} label="Copy the key" />
  </Dialog>
)
