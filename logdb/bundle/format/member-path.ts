/** Why a member of an archive may not have this path; undefined if it may. */
export function unsafePathReason(path: string): string | undefined {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'its path is absolute'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\\\u0000-\u001f\u007f]/.test(path)) return 'its path has a backslash or a control character'
  if (path.split('/').some((name) => name === '' || name === '.' || name === '..')) return 'its path leaves its folder'
  return undefined
}
