import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { useApp } from "../../state/App.ts"
import "./Login.css"
import { LoginForm } from "./LoginForm.tsx"

/** The login has ended: back in, on the same page, with everything as it was. */
const LogInAgain = () => {
  const { session } = useApp()
  return (
    <Dialog title="Your login has ended" size="small" stays onClose={() => {}}>
      <p class="muted">Log in again to go on here. Nothing on this page is lost.</p>
      <LoginForm username={session.user()?.username} />
      <Button variant="quiet" onClick={() => void session.logOut()}>
        Leave, or log in as somebody else
      </Button>
    </Dialog>
  )
}

export default LogInAgain
