import { Route } from "@solidjs/router"
import { lazy } from "solid-js"

/** Every page, loaded when it is gone to. */
export const routes = () => (
  <>
    <Route path="/" component={lazy(() => import("./pages/overview/OverviewPage.tsx"))} />
    <Route path="/metrics" component={lazy(() => import("./pages/metrics/MetricsPage.tsx"))} />
    <Route path="/system" component={lazy(() => import("./pages/system/SystemPage.tsx"))} />
    <Route
      path="/transactions/:seq"
      component={lazy(() => import("./pages/transaction/TransactionPage.tsx"))}
    />
    <Route path="/users" component={lazy(() => import("./pages/users/UsersPage.tsx"))} />
    <Route path="/api-keys" component={lazy(() => import("./pages/keys/KeysPage.tsx"))} />
    <Route path="/audit" component={lazy(() => import("./pages/audit/AuditPage.tsx"))} />
    <Route path="/jobs/new" component={lazy(() => import("./pages/newjob/NewJobPage.tsx"))} />
    <Route path="/jobs/:id" component={lazy(() => import("./pages/job/JobPage.tsx"))} />
    <Route path="/jobs" component={lazy(() => import("./pages/jobs/JobsPage.tsx"))} />
    <Route path="/events" component={lazy(() => import("./pages/events/EventsPage.tsx"))} />
    <Route path="/settings" component={lazy(() => import("./pages/settings/SettingsPage.tsx"))} />
    <Route path="*" component={lazy(() => import("./pages/NotFound.tsx"))} />
  </>
)
