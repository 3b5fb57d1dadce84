/** Before and after the first separator; all of it before where there is none. */
export function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

/** `name=value` lines of a script's output. */
export interface Pairs {
  one(name: string): string | undefined
  all(name: string): string[]
  /** A base64 value as text. */
  text(name: string): string | undefined
  /** Names that start with this, without it. */
  suffixes(prefix: string): string[]
}

export function readPairs(output: string): Pairs {
  const values = new Map<string, string[]>()
  for (const line of output.split('\n')) {
    const equals = line.indexOf('=')
    if (equals <= 0) continue
    const name = line.slice(0, equals)
    values.set(name, [...(values.get(name) ?? []), line.slice(equals + 1)])
  }
  const one = (name: string) => values.get(name)?.[0] || undefined
  return {
    one,
    all: (name) => values.get(name) ?? [],
    text: (name) => {
      const encoded = values.get(name)?.[0]
      return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8')
    },
    suffixes: (prefix) =>
      [...values.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
  }
}
