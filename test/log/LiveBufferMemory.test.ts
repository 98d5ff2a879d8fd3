import { LiveBufferMemory } from "../../src/log/LiveBufferMemory.ts"
import { liveBufferConformance } from "./LiveBufferConformance.ts"

liveBufferConformance("LiveBufferMemory", LiveBufferMemory.layer)
