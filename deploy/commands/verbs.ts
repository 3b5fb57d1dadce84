import { type Command, Option } from 'commander'
import type { Flags } from '../local/options.ts'
import { GROUPS, VERB_ROWS, type VerbName } from './verb-table.ts'

/** Runs what the user asked for; `verb` is undefined for the action that the flags name. */
export type Run = (flags: Flags, verb?: Verb) => Promise<void>

export interface Verb {
  name: VerbName
  /** Its arguments. */
  words: readonly string[]
}

export const VERB_NAMES: readonly string[] = VERB_ROWS.map(({ name }) => name)

/** @param addOptions gives a command the options that all share with the program, and those of these names */
export function addVerbs(
  program: Command,
  run: Run,
  addOptions: (command: Command, names: readonly string[]) => void,
): void {
  const groups = new Map<string, Command>()
  for (const { name, description, argument, options = [], own = [], examples } of VERB_ROWS) {
    const [first = '', second] = name.split(' ')
    const parent = second === undefined ? program : (groups.get(first) ?? program.command(first))
    if (second !== undefined && !groups.has(first)) groups.set(first, parent.description(GROUPS[first] ?? ''))
    const command = parent.command(second ?? first).description(description)
    if (second === undefined) groups.set(first, command)
    if (argument !== undefined) command.argument(...argument)
    for (const { flags, description: what, isRequired = false } of own) {
      command.addOption(new Option(flags, what).makeOptionMandatory(isRequired).helpGroup('Options:'))
    }
    addOptions(command, options)
    if (examples) command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`)
    command.action((words: unknown) => run(command.optsWithGlobals<Flags>(), { name, words: wordsOf(words) }))
  }
}

/** One argument, several, or none: then commander passes the options. */
function wordsOf(given: unknown): string[] {
  if (typeof given === 'string') return [given]
  return Array.isArray(given) ? given : []
}
