import { type CommandWords, functionName, type OptionWord, stepPatterns, type Value } from './words.ts'

/** Completion for fish: `PROGRAM completion fish > ~/.config/fish/completions/PROGRAM.fish`. */
export function fishScript(program: string, all: CommandWords[]): string {
  const isVerb = `_${functionName(program)}_verb_is`
  const steps = stepPatterns(all).map(fishQuoted).join(' ') || "''"
  const lines = all.flatMap((words) => completionsOf(program, isVerb, words))
  return `# ${program}: completion for fish. Save it as ~/.config/fish/completions/${program}.fish
function ${isVerb}
  set -l verb ''
  for word in (commandline -opc)[2..]
    switch "$verb/$word"
      case ${steps}
        set verb (string trim "$verb $word")
    end
  end
  test "$verb" = "$argv[1]"
end
complete -c ${program} -f
${lines.join('\n')}
`
}

function completionsOf(program: string, isVerb: string, words: CommandWords): string[] {
  const { path, commands, options, argument } = words
  const start = `complete -c ${program} -n ${fishQuoted(`${isVerb} ${fishQuoted(path)}`)}`
  return [
    ...commands.map(({ name, description }) => `${start} -a ${name} -d ${fishQuoted(description)}`),
    ...options.map((option) => `${start} ${flags(option)} -d ${fishQuoted(option.description)}${taken(option.value)}`),
    ...(argument === undefined ? [] : [`${start}${suggested(argument)}`]),
  ]
}

function flags({ names }: OptionWord): string {
  return names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ')
}

/** An option's value: `-x` allows what is suggested or typed, and no files. */
function taken(value: Value | undefined): string {
  if (value === undefined) return ''
  return value === 'file' ? ' -r -F' : ` -x${suggested(value)}`
}

function suggested(value: Value): string {
  if (value === 'text') return ''
  if (value === 'file') return ' -F'
  if (value === 'folder') return " -a '(__fish_complete_directories)'"
  if (value === 'host') return " -a '(__fish_print_hostnames)'"
  return ` -a ${fishQuoted(value.join(' '))}`
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
