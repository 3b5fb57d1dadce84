import { variable } from '../../../kit/gateway-config/variables.ts'

/** A setting whose value must not be shown, in YAML, JSON or .env. */
const SECRET = /^(\s*)(.*(?:keys?|token|secret|password|authorization|headers?)[\w-]*["']?\s*[:=])(\s*)(.*)$/i
/** What looks like a key wherever it stands. */
const KEY = /\b(?:sk|pk|key)-[\w-]{8,}/g
/** User and password in an address. */
const CREDENTIALS = /(:\/\/)[^/@\s]+@/g

/** What follows the question mark of an address. */
const QUERY = /(:\/\/[^\s"'?]+\?)[^\s"']+/g

/** A variable of .env whose value must not be shown. */
export function isSecretName(name: string): boolean {
  return variable(name)?.secret ?? /key|token|secret|password/i.test(name)
}

/** The lines of a text without values that may be secret, those of the lines below a secret setting included. */
export function maskedLines(text: string): string[] {
  let secretIndent: number | undefined
  return text.split('\n').map((line) => {
    const indent = line.search(/\S/)
    const isBelow =
      secretIndent !== undefined && (indent > secretIndent || (indent === secretIndent && /^\s*- /.test(line)))
    if (isBelow) return `${line.slice(0, indent)}***`
    const [, , name, space, value] = SECRET.exec(line) ?? []
    if (indent >= 0) secretIndent = name === undefined ? undefined : indent
    if (name === undefined) return line.replace(CREDENTIALS, '$1***@').replace(QUERY, '$1***').replace(KEY, '***')
    return `${line.slice(0, indent)}${name}${value === '' ? '' : `${space}***`}`
  })
}
