/** Languages whose code is shown in colours, by the names of their modules. */
export const LANGUAGES: readonly string[] =
  'bash c css diff docker go html java js json py rs sql toml ts xml yaml'.split(' ')

const OTHER_NAMES: Partial<Record<string, string>> = {
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  cpp: 'c',
  'c++': 'c',
  dockerfile: 'docker',
  golang: 'go',
  javascript: 'js',
  jsx: 'js',
  mjs: 'js',
  jsonl: 'json',
  python: 'py',
  rust: 'rs',
  typescript: 'ts',
  tsx: 'ts',
  svg: 'xml',
  yml: 'yaml',
}

/** The language that a text names so. Undefined if it is not known. */
export function languageNamed(word: string): string | undefined {
  const name = (Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : undefined) ?? word
  return LANGUAGES.includes(name) ? name : undefined
}
