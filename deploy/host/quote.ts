/** One command line that any POSIX shell splits into exactly these words. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ')
}

/** zsh reads a bare word that begins with `=` as the path of a program. */
const PLAIN_WORD = /^(?!=)[\w@%+=:,./-]+$/

function quoteWord(word: string): string {
  if (PLAIN_WORD.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
