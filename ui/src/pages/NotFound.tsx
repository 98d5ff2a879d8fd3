import { useLocation } from "@solidjs/router"
import { ButtonLink } from "../kit/Button.tsx"
import { Empty } from "../kit/States.tsx"

const NotFound = () => {
  const location = useLocation()
  return (
    <Empty
      icon="search"
      isPage
      title="There is no such page"
      actions={
        <ButtonLink href="/" variant="primary">
          To the overview
        </ButtonLink>
      }
    >
      Nothing is at <code>{location.pathname}</code>. The address may be cut off, or of another version.
    </Empty>
  )
}

export default NotFound
