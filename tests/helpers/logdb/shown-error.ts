const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?:]$|\n/.test(text) ? '' : '.'}`

/** What logdb prints on stderr for an error. */
export function shownError(
  exitCode: number,
  { code, message, hint }: { code: string; message: string; hint: string },
): string {
  return `✖ ${sentence(message)}\n${sentence(`Hint: ${hint}`)} (${code}, exit code ${exitCode})\n`
}
