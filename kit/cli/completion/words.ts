import type { Command, Option } from 'commander'

/** What may follow an option, or stand as an argument. */
export type Value = 'text' | 'file' | 'folder' | 'host' | readonly string[]

export interface OptionWord {
  /** As typed: `--host`, `-V`. */
  names: string[]
  description: string
  /** Undefined if the option takes no value. */
  value: Value | undefined
}

/** One command of a program and the words that may follow it. */
export interface CommandWords {
  /** Names from the program's on, without it: empty for the program, `fts build` for a command of a command. */
  path: string
  commands: { name: string; description: string }[]
  options: OptionWord[]
  /** Of its first argument; undefined if it takes none. */
  argument: Value | undefined
}

/** All commands of a program, itself first, as its definition has them. */
export function commandWords(program: Command): CommandWords[] {
  return wordsOf(program, '')
}

function wordsOf(command: Command, path: string): CommandWords[] {
  const commands = command.commands.map((child) => ({ name: child.name(), description: child.description() }))
  const [argument] = command.registeredArguments
  const words: CommandWords = {
    path,
    commands,
    options: [...command.options.filter(({ hidden }) => !hidden).map(optionWord), HELP],
    argument: argument && valueNamed(argument.name(), argument.argChoices),
  }
  return [words, ...command.commands.flatMap((child) => wordsOf(child, `${path} ${child.name()}`.trim()))]
}

const HELP: OptionWord = { names: ['--help'], description: 'show the help', value: undefined }

function optionWord(option: Option): OptionWord {
  const placeholder = /[<[]([\w:-]+)/.exec(option.flags)?.[1] ?? ''
  return {
    names: option.flags.split(/[ ,|]+/).filter((word) => word.startsWith('-')),
    description: option.description,
    value: option.required || option.optional ? valueNamed(placeholder, option.argChoices) : undefined,
  }
}

/** The name of a placeholder says what it stands for. */
function valueNamed(placeholder: string, choices: readonly string[] | undefined): Value {
  if (choices) return choices
  if (/^file/.test(placeholder)) return 'file'
  if (/^folder/.test(placeholder)) return 'folder'
  return placeholder === 'server' ? 'host' : 'text'
}

/** Quotes a text for bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** A name for functions of the shell. */
export function functionName(program: string): string {
  return `_${program.replaceAll('-', '_')}`
}

/** `previous/word` of every command, as patterns of `case`, to follow a command line to its command. */
export function stepPatterns(all: CommandWords[]): string[] {
  return all.flatMap(({ path, commands }) => commands.map(({ name }) => `${path}/${name}`))
}
