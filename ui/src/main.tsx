// First, so that the order of the layers is this one.
import "./styles/reset.css"
import "./styles/fonts.css"
import "./styles/tokens.css"
import { Router } from "@solidjs/router"
import { render } from "solid-js/web"
import { Root } from "./Root.tsx"
import { routes } from "./Routes.tsx"
import { makeApp } from "./state/MakeApp.ts"

const start = () => {
  const app = makeApp()
  void app.session.resume()
  return <Router root={(props) => <Root app={app}>{props.children}</Root>}>{routes()}</Router>
}

const place = document.querySelector("#app")
if (place !== null) {
  place.replaceChildren()
  render(start, place)
}
