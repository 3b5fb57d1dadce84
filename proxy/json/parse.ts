export type Json = Record<string, unknown>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Deeper values are not read: JSON.stringify and all that goes through them by recursion would run out of stack. */
const MAX_DEPTH = 1000

/** Undefined for what is no JSON, or too deep. */
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
