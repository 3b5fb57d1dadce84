/** An object of JSON. */
export type Json = Record<string, unknown>

/** Deeper values are not read: JSON.stringify and other recursive functions would run out of stack. */
const MAX_DEPTH = 1000

/** Undefined for text that is not JSON, or that is nested too deeply. */
export function parseJson(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json)
    return json.length > 2 * MAX_DEPTH && isDeeper(value, MAX_DEPTH) ? undefined : value
  } catch {
    return undefined
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}
