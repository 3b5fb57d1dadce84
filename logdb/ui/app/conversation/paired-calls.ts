import type { Part, Turn } from './turn.ts'

/** A part of a turn; a call of a tool has its results. */
export interface ShownPart extends Part {
  results?: Result[]
}

/** A result with the number of the turn that it was given in. */
interface Result extends Part {
  turn?: number
}

interface ShownTurn extends Turn {
  parts: ShownPart[]
}

/**
 * The turns, with each result of a tool in the call that it belongs to: the one with its id, or else the first one before
 * it with its name that has none. Turns that are empty then are left out.
 */
export function pairedTurns(turns: readonly Turn[]): ShownTurn[] {
  const calls: ShownPart[] = []
  return turns.flatMap(({ parts, ...turn }) => {
    const kept = parts.flatMap((part): ShownPart[] => {
      if (part.kind === 'call') {
        const call = { ...part, results: [] }
        calls.push(call)
        return [call]
      }
      const call = part.kind === 'result' ? callOf(part, calls) : undefined
      if (!call) return [part]
      call.results?.push({ ...part, ...(turn.number !== undefined && { turn: turn.number }) })
      return []
    })
    return kept.length > 0 || parts.length === 0 ? [{ ...turn, parts: kept }] : []
  })
}

function callOf({ callId, name }: Part, calls: readonly ShownPart[]): ShownPart | undefined {
  const ofId = callId === undefined ? undefined : calls.findLast((call) => call.callId === callId)
  if (ofId || name === undefined) return ofId
  return calls.find((call) => call.name === name && call.results?.length === 0 && canPair(call.callId, callId))
}

/** Ids that differ belong to different calls. */
function canPair(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined
}
