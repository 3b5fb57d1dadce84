/** A command as its words; never a string for a shell to split. */
export type Argv = readonly [string, ...string[]]

/** One command line that any POSIX shell splits into exactly these words. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ')
}

function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
