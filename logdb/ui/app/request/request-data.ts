import type { Turn } from '../conversation/turn.ts'

export const TABS = ['conversation', 'request', 'response', 'timing', 'raw'] as const
export type Tab = (typeof TABS)[number]

export interface RequestData {
  id: string
  tab: Tab
  facts: Fact[]
  /** Paths of the requests before and after it in its dialog. */
  previous?: string
  next?: string
  /** Path of the gateway's endpoint. */
  endpoint: string
  /** For the tab conversation. */
  conversation?: ConversationData
  /** For the tabs of bodies. Missing if nothing is there. */
  tree?: JsonNode
  timing: Timing
  /** For the tab of the raw record: its fields without the bodies, as JSON. */
  record?: string
}

/** A name and a value; with a path, a link. */
export interface Fact {
  name: string
  value: string
  path?: string
}

interface ConversationData {
  turns: Turn[]
  /** Of the whole request and its answer. */
  total: number
  /** Number of the only turn that is shown. */
  only?: number
}

/** A value of a JSON document; the values below it are there as far as they fit. */
export interface JsonNode {
  /** Name in its object or index in its list; undefined for the whole document. */
  name?: string
  /** JSON pointer. */
  at: string
  kind: 'object' | 'list' | 'string' | 'number' | 'boolean' | 'null'
  /** Number of members, or of characters. */
  length: number
  /** Of a value that is not an object or a list: a string itself, maybe cut, or JSON. */
  text?: string
  /** Missing if they must be asked for. */
  members?: JsonNode[]
  /** Index of the first member that is missing after those that are here. */
  nextFrom?: number
}

export interface Timing {
  /** Milliseconds since the request was received completely. */
  moments: { name: string; time: string; afterMs: number }[]
  spans: { name: string; fromMs: number; toMs: number }[]
  /** Further attempts with another key, connection or provider. Null if the log does not say. */
  retries: number | null
}
