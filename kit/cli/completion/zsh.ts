import { type CommandWords, functionName, quoted, stepPatterns, type Value } from './words.ts'

/** Completion for zsh: a file `_PROGRAM` in a folder of $fpath, or `source <(PROGRAM completion zsh)` after compinit. */
export function zshScript(program: string, all: CommandWords[]): string {
  const name = functionName(program)
  const steps = stepPatterns(all).map(quoted).join('|') || "''"
  return `#compdef ${program}
# ${program}: completion for zsh. In ~/.zshrc, after compinit: source <(${program} completion zsh)
${name}() {
  local verb='' word previous=\${words[CURRENT-1]}
  local -a commands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$verb/$word" in
      ${steps}) verb="\${verb:+$verb }$word" ;;
    esac
  done
  case "$verb/$previous" in
${all.flatMap(valueCases).join('\n')}
  esac
  case "$verb" in
${all.map(wordCase).join('\n')}
  esac
  (( $#commands )) && _describe command commands
  [[ \${words[CURRENT]} == -* ]] && _describe -o option options
  return 0
}
if [[ \${funcstack[1]} == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program}; fi
`
}

function valueCases({ path, options }: CommandWords): string[] {
  return options.flatMap(({ names, value }) => {
    if (value === undefined) return []
    return [`    ${names.map((name) => quoted(`${path}/${name}`)).join('|')}) ${action(value)}return ;;`]
  })
}

function wordCase({ path, commands, options, argument }: CommandWords): string {
  const described = options.flatMap(({ names, description }) => names.map((name) => entry(name, description)))
  const arrays = [
    commands.length > 0
      ? `commands=(${commands.map(({ name, description }) => entry(name, description)).join(' ')})`
      : '',
    `options=(${described.join(' ')})`,
  ]
  const others = argument === undefined ? '' : `[[ \${words[CURRENT]} == -* ]] || { ${action(argument)}:; }; `
  return `    ${quoted(path)}) ${others}${arrays.filter((array) => array !== '').join('; ')} ;;`
}

/** `name:description` of `_describe`. */
function entry(name: string, description: string): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${description}`)
}

function action(value: Value): string {
  if (value === 'text') return ''
  if (value === 'host') return '_hosts; '
  if (value === 'file') return '_files; '
  if (value === 'folder') return '_files -/; '
  return `compadd -- ${value.map(quoted).join(' ')}; `
}
