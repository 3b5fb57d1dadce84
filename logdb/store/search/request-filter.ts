import type { TimeRange } from '../../days.ts'

/**
 * Which requests are meant; a missing condition sets no limit.
 * @example
 * const failed: RequestConditions = { model: 'gpt-*', status: { from: 500, to: 599 } }
 */
export interface RequestConditions {
  /** Pattern with `*`, for the model asked for or the one that answered. */
  model?: string | undefined
  /** Pattern with `*`, for example `/v1/chat/*`. */
  endpoint?: string | undefined
  /** Hash or name of the API key. */
  key?: string | undefined
  /** HTTP status codes, both included. */
  status?: { from: number; to: number } | undefined
  /** ok, client_aborted, upstream_error, upstream_truncated or rejected. */
  outcome?: string | undefined
  provider?: string | undefined
  /** Id of a dialog, named by the client or assigned. */
  dialog?: string | undefined
  /** True for answers that were streamed, false for others. */
  isStream?: boolean | undefined
  /** True for requests that offer tools, false for others. */
  hasTools?: boolean | undefined
  /** True for what `stats` counts as errors, false for others. */
  hasError?: boolean | undefined
  /** Milliseconds, both included. */
  latencyMs?: Bounds | undefined
  /** Of input and output together, both included. */
  tokens?: Bounds | undefined
}

/**
 * A range of numbers, both included; a missing one sets no limit.
 * @example
 * const slow: Bounds = { from: 10_000 }
 */
export interface Bounds {
  from?: number | undefined
  to?: number | undefined
}

/** The same, with when they were made. */
export interface RequestFilter extends Partial<TimeRange>, RequestConditions {}

/** A condition on the view `z_req`, called `r`, and the values that it leaves open. */
interface Condition {
  sql: string
  parameters?: Record<string, unknown>
}

/** Bodies are canonical JSON, so a list of tools begins like this, and a text of a message cannot. */
const TOOLS = ['r.req_tail', 'r.req_head']
  .flatMap((column) => ['tools', 'functions'].map((name) => `instr(${column}, '"${name}": [{') > 0`))
  .join(' OR ')
/** As `Tally` counts: an answer that was cut off is not an error. */
const ERROR = `COALESCE(r.outcome NOT IN ('client_aborted', 'upstream_truncated'), 1) AND
  (COALESCE(r.status_code >= 400, 0) OR COALESCE(r.outcome IN ('upstream_error', 'rejected'), 0))`

const CONDITIONS: { [Name in keyof RequestConditions]-?: (value: NonNullable<RequestConditions[Name]>) => Condition } =
  {
    model: (model) => ({
      sql: '(r.model_original GLOB @model OR r.model_mapped GLOB @model)',
      parameters: { model: toGlob(model) },
    }),
    endpoint: (endpoint) => ({ sql: 'r.endpoint GLOB @endpoint', parameters: { endpoint: toGlob(endpoint) } }),
    key: (key) => ({ sql: '(r.api_key_hash = @key OR r.api_key_name = @key)', parameters: { key } }),
    status: ({ from, to }) => ({
      sql: 'r.status_code BETWEEN @statusFrom AND @statusTo',
      parameters: { statusFrom: from, statusTo: to },
    }),
    outcome: (outcome) => ({ sql: 'r.outcome = @outcome', parameters: { outcome } }),
    provider: (provider) => ({ sql: 'r.provider = @provider', parameters: { provider } }),
    dialog: (dialog) => ({ sql: 'COALESCE(r.x_dialog_id, r.dialog_id) = @dialog', parameters: { dialog } }),
    isStream: (isStream) => ({ sql: `COALESCE(r.stream, 0) ${isStream ? '<>' : '='} 0` }),
    hasTools: (hasTools) => ({ sql: hasTools ? `(${TOOLS})` : `NOT (${TOOLS})` }),
    hasError: (hasError) => ({ sql: hasError ? `(${ERROR})` : `NOT (${ERROR})` }),
    latencyMs: (bounds) => within('r.latency_ms', 'latency', bounds),
    tokens: (bounds) => within('COALESCE(r.tokens_in, 0) + COALESCE(r.tokens_out, 0)', 'tokens', bounds),
  }

function within(value: string, name: string, { from, to }: Bounds): Condition {
  const limits = [
    ...(from === undefined ? [] : [`${value} >= @${name}From`]),
    ...(to === undefined ? [] : [`${value} <= @${name}To`]),
  ]
  return { sql: limits.join(' AND ') || '1', parameters: { [`${name}From`]: from, [`${name}To`]: to } }
}

/** Conditions on the view `z_req`, called `r`. */
export function requestConditions(filter: RequestFilter): string[] {
  return conditionsOf(filter).map(({ sql }) => sql)
}

/** The values that the conditions leave open. */
export function filterParameters(filter: RequestFilter): Record<string, unknown> {
  return Object.assign({}, ...conditionsOf(filter).map(({ parameters }) => parameters))
}

function conditionsOf({ sinceS, toS, ...conditions }: RequestFilter): Condition[] {
  const given = Object.entries(CONDITIONS).flatMap(([name, condition]) => {
    const value = conditions[name as keyof RequestConditions]
    return value === undefined ? [] : [(condition as (value: unknown) => Condition)(value)]
  })
  if (sinceS === undefined || toS === undefined) return given
  return [{ sql: 'r.ts BETWEEN @sinceS AND @toS', parameters: { sinceS, toS } }, ...given]
}

/** Only `*` has a meaning. */
function toGlob(pattern: string): string {
  return pattern.replace(/[[?]/g, '[$&]')
}
