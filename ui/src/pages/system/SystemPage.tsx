import { Loaded } from "../../kit/States.tsx"
import { PageHead } from "../../kit/Surface.tsx"
import { plural } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { treeFigures } from "./ActorRows.ts"
import { ActorsCard } from "./ActorsCard.tsx"
import { CoverageCard } from "./CoverageCard.tsx"
import { DoctorCard } from "./DoctorCard.tsx"
import { worstFirst } from "./Findings.ts"
import { GapCard } from "./GapCard.tsx"
import { ProcessesCard } from "./ProcessesCard.tsx"
import "./System.css"
import { TargetsCard } from "./TargetsCard.tsx"

/** Every process, every actor in it, and what each store holds without a hole. */
const SystemPage = () => {
  const { queries } = useApp()
  const actors = useQuery(queries.actors)
  const doctor = useQuery(queries.doctor)
  const processes = () => (actors.isSuccess ? actors.data.items : [])

  const title = () => {
    if (!actors.isSuccess) return "System"
    const silent = processes().filter((process) => process.silent).length
    if (silent > 0) return `${plural(silent, "process", "processes")} not heard of`
    const { notRunning } = treeFigures(processes())
    return notRunning > 0 ? `${plural(notRunning, "actor")} not running` : "Every actor runs"
  }
  const text = () => {
    const { actors: all, restarts } = treeFigures(processes())
    const found = doctor.isSuccess
      ? worstFirst(doctor.data.sections).filter(({ severity }) => severity !== "info").length
      : null
    const told = [
      ...(actors.isSuccess
        ? [
            `${plural(processes().length, "process", "processes")} with ${plural(all, "actor")}, ${
              restarts === 0 ? "none started again" : `started again ${plural(restarts, "time")}`
            }.`
          ]
        : []),
      ...(found === null
        ? []
        : [
            found === 0
              ? "The doctor found nothing to mend."
              : `The doctor found ${plural(found, "thing")} to mend.`
          ])
    ]
    return told.join(" ")
  }
  return (
    <>
      <PageHead title={title()}>{text()}</PageHead>
      <GapCard />
      <CoverageCard />
      <DoctorCard />
      <TargetsCard />
      <Loaded query={actors}>
        {(held) => (
          <div class="stack">
            <ProcessesCard processes={held().items} />
            <ActorsCard processes={held().items} />
          </div>
        )}
      </Loaded>
    </>
  )
}

export default SystemPage
