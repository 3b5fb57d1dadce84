/** What a body has before or after its messages, without what differs from request to request: `%s` stands for each value. */
export interface Frame {
  /** `%%` stands for `%`. */
  text: string
  /** A JSON array; null if there are none. */
  values: string | null
}

/** As many as the views put back. */
const MAX_VALUES = 16

/** Ids, and numbers of several digits. What is taken for a value decides only how small a database is. */
const VALUE = /("id": ")([^"\\]+)(?=")|(": )([1-9]\d{1,14}|0\.\d+)(?=[,}\]])/g

export function frameOf(text: string): Frame {
  const values: (string | number)[] = []
  const frame = text.replaceAll('%', '%%').replace(VALUE, (found, beforeId, id, beforeNumber, number) => {
    if (values.length === MAX_VALUES) return found
    values.push(beforeId ? id.replaceAll('%%', '%') : exact(number))
    return `${beforeId ?? beforeNumber}%s`
  })
  return { text: frame, values: values.length === 0 ? null : JSON.stringify(values) }
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
