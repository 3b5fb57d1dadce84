/** A command as its words; never a string for a shell to split. */
export type Argv = readonly [string, ...string[]]

/** One command line that any POSIX shell splits into exactly these words. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ')
}

/** zsh expands a word that starts with `=` to the path of a program. */
const PLAIN_WORD = /^(?!=)[\w@%+=:,./-]+$/

function quoteWord(word: string): string {
  if (PLAIN_WORD.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
