import type { AdminData } from './admin/admin-data.ts'
import type { CompareData } from './compare/compare-data.ts'
import type { Turn } from './conversation/turn.ts'
import type { OverviewData } from './overview/overview-data.ts'
import type { RequestData } from './request/request-data.ts'
import type { Filters } from './requests/list-filters.ts'

/** What a page shows. The server makes it; both the server and the browser make HTML of it. */
export type PageData = { title: string; isAdmin?: boolean } & (
  | { kind: 'admin'; admin: AdminData }
  | { kind: 'overview'; overview: OverviewData }
  | { kind: 'requests'; list: RequestsData }
  | { kind: 'request'; request: RequestData }
  | { kind: 'compare'; compare: CompareData }
  | { kind: 'dialog'; dialog: DialogData }
  | { kind: 'search'; search: SearchData }
  | { kind: 'login'; login: LoginData }
  | { kind: 'problem'; problem: ProblemData }
)

export interface RequestsData {
  filters: Filters
  /** What else the URL says: `columns` and `sort`. */
  view: Record<string, string>
  rows: RequestRow[]
  /** Of this page in the URL; empty for the first page. */
  cursor: string
  /** Path of the next page. */
  next: string | undefined
  /** The first day that was searched, if the time ran out. */
  searchedTo: string | undefined
  /** Where new requests come from; not for pages of earlier ones. */
  livePath: string | undefined
  warnings: string[]
}

export interface RequestRow {
  id: string
  /** Seconds since 1970. */
  ts: number
  model: string
  status: number | null
  outcome: string | null
  endpoint: string
  provider: string | null
  stream: boolean | null
  dialog: string | null
  firstByteMs: number | null
  key: string | null
  tokensIn: number | null
  tokensOut: number | null
  tokensCached: number | null
  tokensReasoning: number | null
  latencyMs: number | null
  /** The beginning of what the user said last. */
  question: string
}

export interface DialogData {
  id: string
  steps: DialogStep[]
  /** True if there are more than are shown. */
  isCut: boolean
}

export interface DialogStep {
  row: RequestRow
  /** Number of the step that it continues, from 1, if that is not the one before it. */
  continues: number | undefined
  turns: Turn[]
  /** What providers say that it cost; null if they do not. */
  cost: number | null
  /** Sums of this request and those before it. */
  until: { tokens: number; cost: number | null }
}

export interface SearchData {
  query: string
  hits: Hit[]
  next: string | undefined
  warnings: string[]
}

export interface Hit {
  id: string
  ts: number
  role: string
  model: string
  /** Every second piece is a match. */
  pieces: string[]
}

export interface LoginData {
  problem: string | undefined
  /** Path to open after the login. */
  next: string
  hasKeys: boolean
}

export interface ProblemData {
  message: string
  hint: string | undefined
}
