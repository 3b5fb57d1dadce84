import { parseJson } from './parse.ts'

const STRING_OR_BRACKET = /"(?:[^"\\]|\\.)*"?|[[{]|[\]}]/gs

/** Whether this text begins a JSON value and ends before the value does. Text that is wrong in another way was not cut. */
export function isCutJson(text: string): boolean {
  if (!/^\s*[[{"]/.test(text) || parseJson(text) !== undefined) return false
  let depth = 0
  for (const [token] of text.matchAll(STRING_OR_BRACKET)) {
    if (token[0] === '"') {
      if (token.length === 1 || !/(?:^"|[^\\])(?:\\\\)*"$/.test(token)) return true
    } else {
      depth += token === '{' || token === '[' ? 1 : -1
    }
  }
  return depth > 0
}
