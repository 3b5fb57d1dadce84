/** The store and the jobs, with the names that they have in the API. */
export interface AdminData {
  store: StoreItem
  jobs: JobItem[]
}

interface KeptItem {
  name: string
  bytes: number
  /** ISO 8601. */
  made_at: string
}

export interface StoreItem {
  partitions: number
  first_day: string | null
  last_day: string | null
  bytes: number
  /** Bytes of the logs that have not been read; null if the logs are not here. */
  unread_bytes: number | null
  /** Records that could not be read; `errors` has the first of them. */
  quarantined: number
  errors: { path: string; offset: number; length: number; reason: string; head: string; seen_ts: number }[]
  last_bundle: KeptItem | null
  last_backup: KeptItem | null
  /** The process that reads the logs and takes jobs; null if none runs. */
  follow: { up_to_date_at: string | null; running: { job: string; started_at: string } | null; waiting: number } | null
}

export interface JobItem {
  id: string
  job: string
  /** What was asked for, besides the name of the job. */
  options: Record<string, string | boolean | undefined>
  state: 'waiting' | 'running' | 'done' | 'failed'
  progress: { done: number; total: number; unit: string } | null
  asked_at: string
  ended_at: string | null
  result: unknown
  error: { message: string; hint: string } | null
}
