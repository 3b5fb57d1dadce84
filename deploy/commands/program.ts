import { Command, Option } from 'commander'
import { addCompletion } from '../../kit/cli/completion/add-completion.ts'
import { nearest } from '../../kit/cli/nearest.ts'
import { packageVersion } from '../../kit/package-root.ts'
import { deployError } from '../errors.ts'
import type { Flags } from '../local/options.ts'
import { addVerbs, type Run } from './verbs.ts'

interface OptionRow {
  /** As commander reads them, with the placeholder of a value. */
  flags: string
  description: string
  /** Flags, as commander names them, that cannot be given together with this one. */
  conflicts?: string[]
  isRepeatable?: boolean
}

const AGE_IDENTITY: OptionRow = {
  flags: '--age-identity <file>',
  description: 'your key of age (age-keygen), for a backup that is encrypted',
}

const GENERAL = 'General:'
const SERVER = 'Server:'
/** Groups of options that commands show too; they take them all. */
const OF_VERBS = [SERVER, GENERAL]

const OPTIONS: Record<string, OptionRow[]> = {
  [SERVER]: [
    {
      flags: '--host <server>',
      description: 'a name of your ssh configuration, or user@address (DEPLOY_HOST); localhost for this machine',
    },
    { flags: '--path <folder>', description: 'folder on the server (DEPLOY_PATH; default ~/ai-proxy)' },
    { flags: '--ssh-config <file>', description: 'use this file instead of ~/.ssh/config' },
    { flags: '--identity <file>', description: 'private key to use' },
    {
      flags: '--ssh-command <program>',
      description:
        'connect with this program, for example ssh, for what only OpenSSH can (certificates, hardware keys)',
      conflicts: ['hostKey'],
    },
    {
      flags: '--host-key <fingerprint>',
      description: 'accept this host key without a question (SHA256:...), for a first deploy without a terminal',
    },
  ],
  'Actions (without one it deploys):': [
    {
      flags: '--rollback [id]',
      description: 'switch to the previous release, or to the one named (see releases); nothing is built',
      conflicts: ['listBackups', 'restoreBackup'],
    },
    { flags: '--watch', description: 'with --rollback: watch the release afterwards; it stays live in any case' },
    { flags: '--adopt', description: 'with --yes: take the server over from the Python gateway that runs there' },
    { flags: '--list-backups', description: 'show the backups on the server', conflicts: ['restoreBackup'] },
    {
      flags: '--restore-backup <file>',
      description: 'make a new release of a backup: a name of --list-backups, or a file here (with a /)',
    },
    { flags: '--include-certs', description: "with --restore-backup: put the backup's certificates in place too" },
    {
      flags: '--include-logs',
      description: "with --restore-backup: put the backup's log databases in place; the present ones move aside",
    },
    { flags: '--keep-domain', description: "with --restore-backup: take the backup's DOMAIN on another server too" },
    AGE_IDENTITY,
  ],
  'Address and certificate:': [
    { flags: '-d, --domain <name>', description: "the server's name (default: ai-proxy.ADDRESS.nip.io)" },
    {
      flags: '-s, --service <service>',
      description:
        'where that name comes from: nip.io (default), sslip.io, ngrok or custom (the last two with --domain)',
    },
    { flags: '-n, --name <name>', description: 'first part of such a name, instead of ai-proxy' },
    { flags: '-e, --email <address>', description: "for Let's Encrypt's notices" },
    { flags: '--staging', description: "take certificates of Let's Encrypt's staging CA, which clients do not trust" },
    { flags: '--no-staging', description: 'take certificates that clients trust again' },
    {
      flags: '--cert <file>',
      description: 'use your own certificate (PEM, with its chain) instead of one of the CA; with --key',
    },
    { flags: '--key <file>', description: 'the private key of --cert (PEM)' },
    { flags: '--no-cert', description: 'take certificates of the CA again' },
    {
      flags: '--free-ports <programs>',
      description: 'with HTTP_PORT: stop these while a certificate is issued on port 80 (docker:NAME,systemd:NAME)',
    },
    {
      flags: '--drop-old',
      description: 'with another --domain: let the old name answer no longer, instead of for a week',
    },
    { flags: '--ip <address>', description: 'public address of the server, if it cannot be found' },
    {
      flags: '--resolve <name:address>',
      description: 'check NAME at ADDRESS, whatever DNS says (repeatable)',
      isRepeatable: true,
    },
    { flags: '--ca-file <file>', description: "trust these certificates (PEM) too when checking the gateway's" },
  ],
  [GENERAL]: [
    { flags: '--yes', description: 'do not ask' },
    { flags: '--dry-run', description: 'show what would be done, and do nothing' },
    {
      flags: '--image <reference>',
      description: 'pull this image of the gateway instead of building one (GATEWAY_IMAGE)',
    },
    {
      flags: '--build <place>',
      description: 'where the image is built: server (default), or local with Docker or Podman, and then sent',
      conflicts: ['image'],
    },
    { flags: '--no-backup', description: 'change the server without a backup of what is there now' },
    {
      flags: '--lock-wait <duration>',
      description: 'wait this long for another run that changes the server, for example 5m',
    },
    { flags: '--json', description: 'print one JSON object on stdout' },
    { flags: '--no-dotenv', description: 'do not read ./.env' },
  ],
}

const EXAMPLES = `
Examples:
  ai-deploy --host root@203.0.113.7
  ai-deploy --host my-server --domain llm.example.com --email me@example.com
  ai-deploy --host my-server --dry-run
  ai-deploy --host my-server --rollback

Exit codes and what they mean: docs/cli.md`

/**
 * The command line.
 * @param run what to do with the flags of an action
 * @param out takes what is printed on stdout
 */
export function makeProgram(run: Run, out: (text: string) => void): Command {
  const program = new Command('ai-deploy')
    .description(
      'Turns a Linux server into an HTTPS gateway for LLMs, and keeps it so.\nWithout an action it deploys: it changes only what is not as it should be.',
    )
    .usage('--host <server> [--rollback [id] | --list-backups | --restore-backup <file>] [options]')
    // Errors are shown by the caller, like all others.
    .configureOutput({ writeOut: out, writeErr: () => {} })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments()
    .action((flags: Flags, { args }: Command) => {
      if (args.length > 0) throw unknownVerb(program, args)
      return run(flags)
    })
  addOptions(program, Object.keys(OPTIONS))
  program.optionsGroup(GENERAL).version(packageVersion(), '-V, --version', 'show the version')
  program.addHelpOption(new Option('-h, --help', 'show this help').helpGroup(GENERAL))
  addVerbs(program, run, (command, names) => {
    addNamed(command, names)
    addOptions(command, OF_VERBS)
  })
  addCompletion(program, out)
  return program
}

/** A word that is not a verb; says which one was probably meant. */
function unknownVerb(program: Command, [word = '', ...others]: readonly string[]) {
  const near = nearest(
    word,
    program.commands.map((command) => command.name()),
  )
  if (near.length > 0) {
    const hint = `${near.map((name) => `did you mean ai-deploy ${name}?`).join(' or ')} All are in ai-deploy --help`
    return deployError('USAGE', `there is no command ${word}`, hint)
  }
  const message = `too many arguments. Expected 0 arguments but got ${others.length + 1}`
  return deployError('USAGE', message, 'see ai-deploy --help')
}

function addOptions(command: Command, groups: readonly string[]): void {
  for (const group of groups) {
    for (const row of OPTIONS[group] ?? []) command.addOption(makeOption(row).helpGroup(group))
  }
}

/** Under a heading of their own. */
function addNamed(command: Command, names: readonly string[]): void {
  const rows = Object.values(OPTIONS).flat()
  for (const name of names) {
    const row = rows.find(({ flags }) => flags.split(/[ ,]+/).includes(name))
    if (row)
      command.addOption(
        makeOption({ ...row, description: row.description.replace('with --restore-backup: ', '') }).helpGroup(
          'Options:',
        ),
      )
  }
}

function makeOption({ flags, description, conflicts = [], isRepeatable = false }: OptionRow): Option {
  const option = new Option(flags, description).conflicts(conflicts)
  return isRepeatable ? option.argParser(collect) : option
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}
