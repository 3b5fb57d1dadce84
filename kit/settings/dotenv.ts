/** One `NAME=value` of a .env file; `firstLine` and `lastLine` count from 1. */
interface Assignment {
  name: string
  value: string
  firstLine: number
  lastLine: number
}

export interface Dotenv {
  /** The last assignment of a name wins. */
  values: Record<string, string>
  /** Lines that are neither blank, comment nor assignment; they never hold the value, which may be a secret. */
  problems: { line: number; message: string }[]
}

/**
 * Reads a .env file: `NAME=value`, optional `export`, values bare or in single, double or back quotes, which may span
 * lines; ` #` starts a comment after a bare value; `\n` in double quotes is a newline. This is the grammar of
 * `util.parseEnv`, which cannot tell where a file is wrong.
 */
export function parseDotenv(text: string): Dotenv {
  const { assignments, problems } = scan(text)
  return { values: Object.fromEntries(assignments.map(({ name, value }) => [name, value])), problems }
}

/**
 * The same file with these values set, or removed where they are undefined: lines of other names stay byte for byte, new
 * names are appended.
 */
export function editDotenv(text: string, changes: Record<string, string | undefined>): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  const { assignments } = scan(text)
  const appended: string[] = []
  const replacements: { at: Assignment; by: string[] }[] = []
  for (const [name, value] of Object.entries(changes)) {
    const places = assignments.filter((assignment) => assignment.name === name)
    const last = places.at(-1)
    if (value === undefined) replacements.push(...places.map((at) => ({ at, by: [] })))
    else if (last) replacements.push({ at: last, by: [`${name}=${quote(value)}`] })
    else appended.push(`${name}=${quote(value)}`)
  }
  replacements.sort((a, b) => b.at.firstLine - a.at.firstLine)
  for (const { at, by } of replacements) lines.splice(at.firstLine - 1, at.lastLine - at.firstLine + 1, ...by)
  return [...lines, ...appended].map((line) => line + eol).join('')
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*)$/

function scan(text: string): { assignments: Assignment[]; problems: Dotenv['problems'] } {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const assignments: Assignment[] = []
  const problems: Dotenv['problems'] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (/^\s*(#|$)/.test(line)) continue
    const match = ASSIGNMENT.exec(line)
    if (!match?.[1]) {
      problems.push({ line: at + 1, message: 'expected NAME=value or a comment that starts with #' })
      continue
    }
    const [name, rest] = [match[1], match[2] ?? '']
    const quoted = readQuoted(rest, lines, at)
    if (quoted === 'unterminated') {
      problems.push({ line: at + 1, message: `the quoted value of ${name} has no closing quote` })
      continue
    }
    const value = quoted?.value ?? rest.replace(/\s+#.*$|^#.*$/, '').trim()
    const lastLine = quoted?.lastLine ?? at + 1
    assignments.push({ name, value, firstLine: at + 1, lastLine })
    at = lastLine - 1
  }
  return { assignments, problems }
}

/** Undefined when the value is bare. */
function readQuoted(rest: string, lines: string[], at: number) {
  const mark = rest[0]
  if (mark !== '"' && mark !== "'" && mark !== '`') return undefined
  let body = rest.slice(1)
  let last = at
  while (!body.includes(mark)) {
    last++
    if (last >= lines.length) return 'unterminated'
    body += `\n${lines[last]}`
  }
  const raw = body.slice(0, body.indexOf(mark))
  return { value: mark === '"' ? raw.replaceAll('\\n', '\n') : raw, lastLine: last + 1 }
}

function quote(value: string): string {
  if (/^[\w.:/,@+=*%~-]*$/.test(value)) return value
  const mark = ["'", '`', '"'].find((candidate) => !value.includes(candidate))
  if (mark === undefined) throw new RangeError('a .env value cannot hold all three kinds of quotes')
  return mark + value + mark
}
