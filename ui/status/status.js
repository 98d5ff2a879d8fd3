// The status page: it logs in and then asks the API every second. The token stays in this module's memory.

import { clock, count, moment, size, slotTime, spent, tone, walTone } from "./words.js"

const byId = (id) => document.getElementById(id)

let token = null
let targets = null
let lastFigures = null

/** What the API refused. `status` 401 means: log in again. */
class Refused extends Error {
  constructor(status, problem) {
    const faults = (problem.errors ?? []).map(({ path, message }) => `${path}: ${message}`)
    super(faults.length > 0 ? faults.join("; ") : (problem.detail ?? problem.title ?? `error ${status}`))
    this.status = status
  }
}

const call = async (path, options = {}) => {
  const response = await fetch(`/api/v1/${path}`, {
    ...options,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...options.headers
    }
  })
  const text = await response.text()
  const body = text === "" ? null : JSON.parse(text)
  if (!response.ok) throw new Refused(response.status, body ?? {})
  return body
}

const post = (path, body) =>
  call(path, {
    method: "POST",
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  })

// ---- elements: what comes from the database is text, never markup ----

const element = (name, text = "", className = "") => {
  const made = document.createElement(name)
  made.textContent = text
  made.className = className
  return made
}

const write = (id, text, className) => {
  const found = byId(id)
  found.textContent = text
  if (className !== undefined) found.className = className
}

const fault = (id, error) => {
  byId(id).hidden = error === null
  write(id, error === null ? "" : error.message)
}

const fill = (id, rows, columns, nothing) => {
  const empty = element("tr")
  const cell = element("td", nothing, "empty")
  cell.colSpan = columns
  empty.append(cell)
  byId(id).replaceChildren(...(rows.length === 0 ? [empty] : rows))
}

// ---- capture ----

/** Changes a second since the last look. */
const rateOf = (source) => {
  const now = performance.now()
  const before = lastFigures
  lastFigures = { now, changes: source.changes }
  if (before === null || source.changes < before.changes) return null
  return ((source.changes - before.changes) * 1000) / (now - before.now)
}

const showSource = (source) => {
  byId("demo").hidden = !source.demo
  write("phase", source.phase, `value ${tone(source.phase)}`)
  write(
    "source",
    source.demo ? `${source.source}: an embedded demo shop` : `${source.source}, slot ${source.slot}`
  )
  write("seq", count(source.seq))
  const rate = rateOf(source)
  write("rate", rate === null ? "" : `${count(Math.round(rate))} changes/s`)
  write("lag", source.lag_bytes === null ? "–" : size(source.lag_bytes))
  const latency = source.latency_seconds === null ? "" : `, ${source.latency_seconds.toFixed(2)} s to archive`
  write("frontier", `durable to ${source.frontier}${latency}`)
  write("wal", source.retained_bytes === null ? "–" : size(source.retained_bytes), `value ${walTone(source)}`)
  const held = source.slot_active === false ? ", nobody reads it" : ""
  write("wal-note", source.wal_status === null ? "" : `slot ${source.wal_status}${held}${slotTime(source)}`)
  const trouble = source.message === null ? null : [source.message, source.fix].filter(Boolean).join(" – ")
  fault("notice", trouble === null ? null : new Error(trouble))
}

/** As many as the page should name. */
const holesShown = 8

const holeText = ({ table, missing, from, until }) =>
  missing === "changes"
    ? `${table}: what was written before ${moment(until?.time ?? null)} (transaction ${count(until?.seq ?? 0)})`
    : `${table}: updates and deletes from ${moment(from?.time ?? null)} ${until === null ? "on, for want of a replica identity" : `to ${moment(until.time)}`}`

const showHoles = (holes) => {
  byId("holes-card").hidden = holes.length === 0
  const lines = holes.slice(0, holesShown).map((hole) => element("li", holeText(hole)))
  const more = holes.length - holesShown
  byId("holes").replaceChildren(...lines, ...(more > 0 ? [element("li", `and ${count(more)} more`)] : []))
}

const showCoverage = ({ archive, live_buffer: live, holes }) => {
  showHoles(holes)
  for (const [id, store] of [
    ["archive", archive],
    ["live", live]
  ]) {
    const { first_seq: first, next_seq: next, to_time: to } = store.coverage
    write(id, next > first ? `${count(first)} – ${count(next - 1)}` : "empty")
    write(`${id}-note`, `${store.kind}, complete to ${clock(to)}`)
  }
}

const showEvents = (items) => {
  const rows = items.map((event) => {
    const row = element("tr")
    const values = Object.entries(event.after ?? event.before ?? event.key ?? {})
      .map(([column, value]) => `${column}=${value ?? "null"}`)
      .join("  ")
    const tables =
      event.truncate?.tables.join(", ") ?? (event.table === null ? "" : `${event.schema}.${event.table}`)
    row.append(
      element("td", clock(event.commit_time)),
      element("td", count(event.seq), "number"),
      element("td", event.operation),
      element("td", tables),
      element("td", values, "values")
    )
    return row
  })
  fill("events", rows, 5, "Nothing was captured yet.")
}

// ---- jobs ----

const actions = {
  pending: ["start", "cancel"],
  queued: ["pause", "cancel"],
  running: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  failed: ["resume", "cancel"]
}

const progressOf = (job) => {
  if (job.status === "completed") return 1
  if (job.start_seq === null || job.end_seq === null || job.end_seq <= job.start_seq) return null
  return Math.max(
    0,
    ((job.checkpoint?.seq ?? job.start_seq - 1) - job.start_seq + 1) / (job.end_seq - job.start_seq)
  )
}

const act = async (job, action, button) => {
  button.disabled = true
  try {
    await post(`jobs/${job.id}/${action}`)
    fault("job-fault", null)
  } catch (error) {
    fault("job-fault", error)
  }
  await refresh()
}

/** How it goes at this moment, in a few words; the rest is the cell's title. */
const liveText = ({ live, speed_factor: asked }) => {
  if (live === null) return ""
  if (live.retrying !== null) {
    return `waits ${spent((Date.now() - Date.parse(live.retrying.since)) / 1000)}: ${live.retrying.reason}`
  }
  const parts = []
  if (live.effective_speed !== null && asked !== "max") {
    parts.push(`${Number(live.effective_speed.toPrecision(3))}x`)
  }
  if (live.lag_seconds !== null) parts.push(`${live.lag_seconds.toFixed(1)} s behind`)
  return parts.length === 0 ? live.phase : parts.join(", ")
}

const liveTitle = ({ live }) => {
  if (live === null) return ""
  const parts = [live.phase]
  if (live.pacing_error_ms !== null) parts.push(`pacing error p99 ${live.pacing_error_ms.p99} ms`)
  if (live.apply !== null) {
    const { mode, order, reason } = live.apply
    parts.push(`applied as ${mode}, ${order.replaceAll("_", " ")}${reason === null ? "" : ` (${reason})`}`)
  }
  return parts.join("; ")
}

const liveCell = (job) => {
  const cell = element("td", liveText(job), `live ${job.live?.retrying ? "wait" : ""}`)
  cell.title = liveTitle(job)
  return cell
}

const jobRow = (job) => {
  const row = element("tr")
  const status = element("td", job.status, tone(job.status))
  status.title = job.error === null ? (job.replay_source_reason ?? "") : job.error.message
  const progress = element("td")
  const fraction = progressOf(job)
  if (fraction !== null) {
    const bar = element("progress")
    bar.value = fraction
    bar.setAttribute("aria-label", `${Math.floor(fraction * 100)} percent`)
    progress.append(bar)
  } else progress.textContent = job.follow ? "follows" : ""
  const buttons = element("td")
  for (const action of actions[job.status] ?? []) {
    const button = element("button", action)
    button.type = "button"
    button.setAttribute("aria-label", `${action} job ${job.name ?? job.id.slice(0, 8)}`)
    button.addEventListener("click", () => act(job, action, button))
    buttons.append(button)
  }
  const name = element("td", job.name ?? job.id.slice(0, 8))
  const warnings = job.warnings.map(({ message }) => message)
  name.title = [`${job.id}, created ${moment(job.created_at)}`, ...warnings].join("\n")
  if (warnings.length > 0) name.append(element("span", " ⚠", "wait"))
  const total = job.events_total === null ? "" : ` / ${count(job.events_total)}`
  row.append(
    name,
    status,
    element("td", job.speed_factor === "max" ? "max" : `${job.speed_factor}x`),
    progress,
    element("td", `${count(job.events_processed + job.events_duplicate)}${total}`, "number"),
    element("td", clock(job.live?.replay_clock ?? job.replay_clock)),
    liveCell(job),
    buttons
  )
  return row
}

/** Rows are made anew only when something changed, so that a button stays under the pointer. */
let shownJobs = ""

/** The live cell is written over by itself. */
const showLive = (items) => {
  const cells = byId("jobs").querySelectorAll("td.live")
  items.forEach((job, i) => {
    cells[i]?.replaceWith(liveCell(job))
  })
}

const showJobs = (items) => {
  const now = JSON.stringify(items.map((job) => [job.id, job.version]))
  if (now === shownJobs) {
    showLive(items)
    return
  }
  shownJobs = now
  fill("jobs", items.map(jobRow), 8, "No jobs yet.")
}

const showTargets = async () => {
  if (targets !== null) return
  targets = (await call("system/targets")).items
  byId("targets").replaceChildren(...targets.map(({ name }) => element("option", name)))
}

byId("new-job").addEventListener("submit", async (event) => {
  event.preventDefault()
  const form = new FormData(event.target)
  const seconds = Number(form.get("window"))
  const now = Date.now()
  const window =
    seconds === 0
      ? { start_time: null }
      : { start_time: new Date(now - seconds * 1000).toISOString(), end_time: new Date(now).toISOString() }
  const speed = form.get("speed")
  try {
    const job = await post("jobs", {
      ...window,
      speed_factor: speed === "max" ? "max" : Number(speed),
      dry_run: form.get("dry_run") === "on",
      ...(form.get("target") === null ? {} : { target: form.get("target") })
    })
    await post(`jobs/${job.id}/start`)
    fault("job-fault", null)
  } catch (error) {
    fault("job-fault", error)
  }
  await refresh()
})

// ---- logging in and looking again ----

const show = (loggedIn) => {
  byId("login-view").hidden = loggedIn
  byId("status-view").hidden = !loggedIn
  byId("logout").hidden = !loggedIn
  byId("who").hidden = !loggedIn
}

const leave = (message) => {
  token = null
  targets = null
  shownJobs = ""
  show(false)
  fault("notice", null)
  fault("login-fault", message === undefined ? null : new Error(message))
}

const refresh = async () => {
  if (token === null) return
  try {
    const [source, coverage, events, jobs] = await Promise.all([
      call("system/source"),
      call("system/coverage"),
      call("events/recent?limit=15"),
      call("jobs?limit=15")
    ])
    await showTargets()
    showSource(source)
    showCoverage(coverage)
    showEvents(events.items)
    showJobs(jobs.items)
  } catch (error) {
    if (error instanceof Refused && error.status === 401) leave("The login has expired.")
    else fault("notice", new Error("WalStream does not answer; trying again."))
  }
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault()
  const form = new FormData(event.target)
  const body = new URLSearchParams({
    grant_type: "password",
    username: form.get("username"),
    password: form.get("password")
  })
  try {
    token = (await call("auth/token", { method: "POST", body })).access_token
    const me = await call("auth/me")
    write("who", `${me.username} (${me.role})`)
    event.target.elements.password.value = ""
    fault("login-fault", null)
    show(true)
    await refresh()
  } catch (error) {
    leave(error instanceof Refused ? error.message : "WalStream does not answer.")
  }
})

byId("logout").addEventListener("click", () => leave())

/** One look at a time; none while nobody looks at the page. */
const watch = async () => {
  if (!document.hidden) await refresh()
  setTimeout(watch, 1000)
}

show(false)
watch()
