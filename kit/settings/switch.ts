const ON = ['true', '1', 'yes', 'on']
const OFF = ['false', '0', 'no', 'off']

/** The same grammar as a regular expression, for JSON Schema. */
export const SWITCH_PATTERN =
  '^\\s*([Tt][Rr][Uu][Ee]|1|[Yy][Ee][Ss]|[Oo][Nn]|[Ff][Aa][Ll][Ss][Ee]|0|[Nn][Oo]|[Oo][Ff][Ff])\\s*$'

/** True for `true`, `1`, `yes` and `on`, false for their opposites, in any case; undefined for anything else. */
export function parseSwitch(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  if (ON.includes(word)) return true
  return OFF.includes(word) ? false : undefined
}
