import { type CommandWords, functionName, quoted, stepPatterns, type Value } from './words.ts'

/** Completion for bash 3.2 or newer: `source <(PROGRAM completion bash)`. */
export function bashScript(program: string, all: CommandWords[]): string {
  const name = functionName(program)
  const steps = stepPatterns(all).map(quoted).join('|') || "''"
  return `# ${program}: completion for bash. In ~/.bashrc: source <(${program} completion bash)
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb='' word
  local IFS=$'\\n'
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$verb/$word" in
      ${steps}) verb="\${verb:+$verb }$word" ;;
    esac
  done
  COMPREPLY=()
  case "$verb/$previous" in
${all.flatMap(valueCases).join('\n')}
  esac
  case "$verb" in
${all.map(wordCase).join('\n')}
  esac
}
complete -F ${name} ${program}
`
}

function valueCases({ path, options }: CommandWords): string[] {
  return options.flatMap(({ names, value }) => {
    if (value === undefined) return []
    const patterns = names.map((name) => quoted(`${path}/${name}`)).join('|')
    return [`    ${patterns}) ${replies(value)}return ;;`]
  })
}

function wordCase({ path, commands, options, argument }: CommandWords): string {
  const names = options.flatMap((option) => option.names)
  const words = [...commands.map(({ name }) => name), ...names]
  const others = argument === undefined ? '' : replies(argument)
  return `    ${quoted(path)}) ${others}COMPREPLY+=($(compgen -W ${quoted(words.join('\n'))} -- "$current")) ;;`
}

/** Statements that add what a value may be, each with its semicolon. */
function replies(value: Value): string {
  if (value === 'text') return ''
  if (value === 'host') return 'COMPREPLY=($(compgen -A hostname -- "$current")); '
  if (value === 'file') return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); '
  if (value === 'folder') return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")); '
  return `COMPREPLY=($(compgen -W ${quoted(value.join('\n'))} -- "$current")); `
}
