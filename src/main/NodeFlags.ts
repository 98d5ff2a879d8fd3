/**
 * How Node runs the server, as in `npm start`. The engine would rather let garbage lie than collect it while the
 * machine has memory: a process that keeps 60 MB took 500. These keep it below 300 whatever it carries. (What
 * `npm start` loads is compiled at the install, by `prepare`: stripping types at the start takes 30 MB in its threads.)
 */
export const nodeFlags: ReadonlyArray<string> = [
  "--disable-warning=ExperimentalWarning",
  // Megabytes of the young generation in each of the three threads: three of these.
  "--max-semi-space-size=2",
  // The first collection of the old generation comes at this size, in megabytes, and each further one when it has
  // grown by so many percent of what was kept.
  "--initial-old-space-size=48",
  "--heap-growing-percent=25",
  // Gives freed memory back, and makes less code.
  "--optimize-for-size"
]
