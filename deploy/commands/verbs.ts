import type { Command } from 'commander'
import type { Flags } from '../local/options.ts'

/** Runs what the user asked for; `verb` is undefined for the action that the flags name. */
export type Run = (flags: Flags, verb?: Verb) => Promise<void>

export interface Verb {
  /** As typed, for example `backup list`. */
  name: (typeof VERBS)[number]['name']
  /** Its argument. */
  file: string
}

/** Commands in addition to the actions; those that do the same as an action name its flag. */
const VERBS = [
  { name: 'plan', description: 'Show what a deploy would change and what it costs, and change nothing' },
  {
    name: 'https',
    description: 'Change the name of the server or its certificate, and nothing else',
    options: [
      ...['--service', '--domain', '--name', '--email', '--staging', '--no-staging', '--drop-old', '--ip'],
      ...['--resolve', '--ca-file'],
    ],
    examples: [
      'ai-deploy https --host my-server -s sslip.io',
      'ai-deploy https --host my-server -d llm.example.com -e me@example.com',
    ],
  },
  {
    name: 'test-https',
    description: 'Check the name, the redirect, the certificate and the API from here, and say what to do',
    options: ['--ip', '--resolve', '--ca-file'],
  },
  { name: 'releases', description: 'Show the releases on the server: age, state, image, who deployed each and why' },
  {
    name: 'backup create',
    description: 'Back up what is on the server now, with its log databases',
    examples: ['ai-deploy backup create --host my-server --yes'],
  },
  { name: 'backup list', description: 'Show the backups on the server, and where copies of them are' },
  {
    name: 'backup verify',
    argument: '<file>',
    description: 'Compare every file in a backup with its manifest, and let SQLite judge its databases',
    options: ['--age-identity'],
    examples: ['ai-deploy backup verify ./backup.tar.gz.age --age-identity key.txt --host my-server'],
  },
  {
    name: 'backup pull',
    argument: '<file>',
    description: 'Fetch a backup of the server, or its copy elsewhere, into the current folder',
    options: ['--age-identity'],
    examples: ['ai-deploy backup pull ai-proxy-backup-20261123-101112.tar.gz --host my-server'],
  },
  {
    name: 'backup restore',
    argument: '<file>',
    description: 'Make a new release of a backup, as --restore-backup',
    options: ['--include-certs', '--include-logs', '--keep-domain', '--age-identity'],
    examples: [
      'ai-deploy backup restore ai-proxy-backup-20261123-101112.tar.gz --host my-server --dry-run',
      'ai-deploy backup restore ./backup.tar.gz.age --age-identity key.txt --host another-server',
    ],
  },
  { name: 'unlock', description: 'End a run that holds the lock of the server, for example one that hangs' },
  {
    name: 'hold',
    description: 'Keep everybody from changing the server, except for a rollback',
    option: { flags: '-m, --message <text>', description: 'why, for those who want to change it' },
  },
  { name: 'unhold', description: 'Let everybody change the server again' },
  { name: 'audit', description: 'Show who changed the server, and when' },
] as const

export const VERB_NAMES: readonly string[] = VERBS.map(({ name }) => name)

/** @param addOptions gives a command the options that all share with the program, and those of these names */
export function addVerbs(
  program: Command,
  run: Run,
  addOptions: (command: Command, names: readonly string[]) => void,
): void {
  const backup = program.command('backup').description('Make, list, check, fetch and restore backups')
  for (const { name, description, ...more } of VERBS) {
    const [first = '', second] = name.split(' ')
    const command = (second === undefined ? program : backup).command(second ?? first).description(description)
    const argument = 'argument' in more ? more.argument : undefined
    if (argument !== undefined) command.argument(argument, 'a name of --list-backups, or a file here (with a /)')
    if ('option' in more) command.requiredOption(more.option.flags, more.option.description)
    addOptions(command, 'options' in more ? more.options : [])
    if ('examples' in more)
      command.addHelpText('after', `\nExamples:\n${more.examples.map((line) => `  ${line}\n`).join('')}`)
    command.action((file: unknown) =>
      run(command.optsWithGlobals<Flags>(), { name, file: typeof file === 'string' ? file : '' }),
    )
  }
}
