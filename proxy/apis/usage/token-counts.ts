import { isObject } from '../../../kit/json.ts'

/** The tokens of a request as its provider counted them, in one meaning for all providers. */
export interface TokenCounts {
  /** The whole input, with what was read from a cache and what was written to one. */
  in: number | undefined
  /** The whole output, with reasoning. */
  out: number | undefined
  /** The part of the input that a cache held. */
  cacheRead: number | undefined
  /** The part of the input that was written to a cache for 5 minutes, or for a time that is not known. */
  cacheWrite5m: number | undefined
  /** The part of the input that was written to a cache for an hour. */
  cacheWrite1h: number | undefined
  /** The part of the output that is reasoning. */
  reasoning: number | undefined
}

type Usage = Record<string, unknown>

const ANTHROPIC_NAMES = ['cache_read_input_tokens', 'cache_creation_input_tokens', 'cache_creation']

/** Reads the `usage` of an answer in any of the APIs; counts that it does not have are undefined. */
export function tokenCounts(usage: Usage): TokenCounts {
  const { input, cacheRead, cacheWrite5m, cacheWrite1h } = inputCounts(usage)
  const { out, reasoning } = outputCounts(usage, input)
  return { in: input, out, cacheRead, cacheWrite5m, cacheWrite1h, reasoning }
}

// Each member is read by its name, not by a name in a variable: that is several times as fast.

function inputCounts(usage: Usage) {
  const details = objectOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details'])
  const byTime = objectOf(usage['cache_creation'])
  const cacheRead =
    asCount(usage['cache_read_input_tokens']) ??
    asCount(details['cached_tokens']) ??
    asCount(usage['prompt_cache_hit_tokens']) ??
    asCount(usage['cached_tokens'])
  const written =
    asCount(usage['cache_creation_input_tokens']) ??
    asCount(details['cache_write_tokens']) ??
    asCount(details['cache_creation_tokens'])
  const cacheWrite1h = asCount(byTime['ephemeral_1h_input_tokens'])
  const rest = written === undefined ? undefined : Math.max(written - (cacheWrite1h ?? 0), 0)
  const cacheWrite5m = asCount(byTime['ephemeral_5m_input_tokens']) ?? rest
  const given = asCount(usage['prompt_tokens']) ?? asCount(usage['input_tokens'])
  // Anthropic's input is only what no cache was involved in.
  const isApart = usage['prompt_tokens'] === undefined && ANTHROPIC_NAMES.some((name) => name in usage)
  const cached = (cacheRead ?? 0) + (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0)
  return { input: given !== undefined && isApart ? given + cached : given, cacheRead, cacheWrite5m, cacheWrite1h }
}

function outputCounts(usage: Usage, input: number | undefined): Pick<TokenCounts, 'out' | 'reasoning'> {
  const details = objectOf(usage['completion_tokens_details'] ?? usage['output_tokens_details'])
  const reasoning =
    asCount(details['reasoning_tokens']) ?? asCount(details['thinking_tokens']) ?? asCount(usage['reasoning_tokens'])
  const out = asCount(usage['completion_tokens']) ?? asCount(usage['output_tokens'])
  const total = asCount(usage['total_tokens'])
  if (total === undefined || input === undefined || out === undefined) return { out, reasoning }
  // Google and xAI count reasoning only in the total.
  const apart = total - input - out
  const isReasoning = apart > 0 && (reasoning === undefined || reasoning === apart)
  return isReasoning ? { out: out + apart, reasoning: apart } : { out, reasoning }
}

const NOTHING: Usage = {}

function objectOf(value: unknown): Usage {
  return isObject(value) ? value : NOTHING
}

function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
