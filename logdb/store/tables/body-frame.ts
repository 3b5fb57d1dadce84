/** What a body has before or after its messages, without what differs from request to request: `%s` stands for each value. */
export interface Frame {
  /** `%%` stands for `%`. */
  text: string
  /** A JSON array; null if there are none. */
  values: string | null
}

/** As many as the views put back. */
const MAX_VALUES = 16
const COLON = '": '
const ID = '"id": "'
const AFTER_NUMBER = /[,}\]]/
const [ZERO, NINE, POINT] = ['0', '9', '.'].map((digit) => digit.charCodeAt(0)) as [number, number, number]
/** A whole number of more digits may not come back as it was written. */
const MAX_DIGITS = 15

/**
 * Ids, and numbers of several digits, are values; which ones decides only how small a database is. A regular expression takes
 * three times as long.
 */
export function frameOf(text: string): Frame {
  const values: (string | number)[] = []
  let [frame, from] = ['', 0]
  for (let at = text.indexOf(COLON); at >= 0 && values.length < MAX_VALUES; at = text.indexOf(COLON, at)) {
    const id = idAt(text, at)
    const start = at + (id === undefined ? COLON.length : ID.length - 3)
    at = start + (id ?? numberAt(text, start)).length
    if (at === start) continue
    frame += `${escaped(text.slice(from, start))}%s`
    values.push(id ?? exact(text.slice(start, at)))
    from = at
  }
  frame += escaped(text.slice(from))
  return { text: frame, values: values.length === 0 ? null : JSON.stringify(values) }
}

/** The id whose member has its colon here; undefined if there is none. */
function idAt(text: string, colon: number): string | undefined {
  const start = colon - 3
  if (start < 0 || !text.startsWith(ID, start)) return undefined
  const end = text.indexOf('"', start + ID.length)
  const id = text.slice(start + ID.length, Math.max(end, 0))
  return id === '' || id.includes('\\') ? undefined : id
}

/** The number that begins here, if it is one of several digits, or begins with `0.`; else an empty text. */
function numberAt(text: string, start: number): string {
  const isSmall = text.charCodeAt(start) === ZERO
  if (isSmall && text.charCodeAt(start + 1) !== POINT) return ''
  let end = isSmall ? start + 2 : start
  while (isDigit(text.charCodeAt(end))) end++
  const digits = end - start
  const isOne = isSmall ? digits > 2 : digits > 1 && digits <= MAX_DIGITS
  return isOne && AFTER_NUMBER.test(text[end] ?? '') ? text.slice(start, end) : ''
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

function escaped(text: string): string {
  return text.includes('%') ? text.replaceAll('%', '%%') : text
}

/** A whole number comes back as it was written; of others SQLite gives 15 digits only. */
function exact(number: string): string | number {
  return number.includes('.') ? number : Number(number)
}

/** Puts the values back, in SQL; `printf` gives null for an empty text. */
export function framedSql(frame: string, values: string): string {
  const each = Array.from({ length: MAX_VALUES }, (_, index) => `json_extract(${values}, '$[${index}]')`)
  return `COALESCE(printf(${frame}, ${each.join(', ')}), '')`
}
