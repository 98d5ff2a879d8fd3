import { nameTab } from "../../lib/TabName.ts"
import { Brand } from "../../shell/Brand.tsx"
import { LoginForm } from "./LoginForm.tsx"
import "./Login.css"

const LoginPage = () => {
  nameTab(() => "Log in")
  return (
    <main data-component="login">
      <div data-part="frame">
        <Brand />
        <h1>Log in</h1>
        <LoginForm />
        <p class="faint">
          The first start prints user name and password where it was started. With your own settings they are{" "}
          <code>ADMIN_USERNAME</code> and <code>ADMIN_PASSWORD</code>.
        </p>
      </div>
    </main>
  )
}

export default LoginPage
