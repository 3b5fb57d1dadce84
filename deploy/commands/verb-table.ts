interface VerbOption {
  /** As commander reads them, with the placeholder of a value. */
  flags: string
  description: string
  isRequired?: boolean
}

interface VerbRow {
  /** As typed, for example `backup list`. */
  name: string
  description: string
  /** As commander reads it, for example `<file>` or `[names...]`, and what it is. */
  argument?: readonly [string, string]
  /** Options of the program that it takes in addition to those of all verbs. */
  options?: readonly string[]
  /** Options that only it has. */
  own?: readonly VerbOption[]
  examples?: readonly string[]
}

const BACKUP_FILE = ['<file>', 'a name of --list-backups, or a file here (with a /)'] as const
const CONFIG_FILE = ['[file]', 'another file here than ./config.yml'] as const
/** How the gateway is reached from here. */
const OF_CHECKS = ['--ip', '--resolve', '--ca-file'] as const

/** Commands in addition to the actions; those that do the same as an action name its flag. */
const VERBS = [
  { name: 'plan', description: 'Show what a deploy would change and what it costs, and change nothing' },
  {
    name: 'adopt',
    description: 'Take a server over from the Python gateway: its certificate, keys, settings, logs and backups stay',
    options: ['--domain', '--email', ...OF_CHECKS],
    examples: ['ai-deploy adopt --host my-server --dry-run', 'ai-deploy adopt --host my-server'],
  },
  {
    name: 'status',
    description: 'Show what runs there: releases, health, requests, certificate, disk, logs and the last backup',
    options: OF_CHECKS,
  },
  {
    name: 'doctor',
    description: 'Check everything that a deploy needs, also before the first one, and say what to do',
    options: ['--domain', ...OF_CHECKS],
  },
  {
    name: 'test',
    description: 'Send real requests: health, chat, stream, and a model of each provider that has a key',
    options: OF_CHECKS,
    own: [{ flags: '--from <place>', description: 'where the requests come from: here (default) or server' }],
    examples: ['ai-deploy test --host my-server --from server'],
  },
  {
    name: 'logs',
    description: 'Show what the gateway, the edge or the log of requests says',
    argument: ['[part]', 'gateway (default), edge or requests'],
    own: [
      { flags: '-f, --follow', description: 'continue with what comes, until Ctrl-C' },
      { flags: '--since <time>', description: 'from then on: 30m or 2h ago, or a time like 2026-11-29T10:00' },
      { flags: '--lines <count>', description: 'how many lines without --since (100)' },
    ],
    examples: ['ai-deploy logs --host my-server -f', 'ai-deploy logs requests --host my-server --since 10m'],
  },
  {
    name: 'logs pull',
    description: 'Add what is new in the log database of the server to the one here, so that logdb search finds it',
    own: [{ flags: '--to <folder>', description: 'folder of the log database here (logs/db)' }],
    examples: [
      'ai-deploy logs pull --host my-server',
      'ai-deploy logs pull --host one,two && npx logdb search "refund"',
    ],
  },
  {
    name: 'ui',
    description: 'Show the requests in the log database of the server in a browser here, until Ctrl-C',
    own: [
      { flags: '--port <n>', description: 'port here; 0 for any that is free (8124, or a free one)' },
      { flags: '--no-open', description: 'only print the URL, do not open a browser' },
    ],
    examples: ['ai-deploy ui --host my-server'],
  },
  {
    name: 'exec',
    description: "Run a command in the live gateway's container; its exit code is that of ai-deploy",
    argument: ['<argv...>', 'the command and its arguments, after --'],
    own: [{ flags: '-i, --stdin', description: 'pass stdin on to it, where that is not a terminal' }],
    examples: ['ai-deploy exec --host my-server -- node dist/logdb/cli.js stats'],
  },
  {
    name: 'env list',
    description: "Show the variables of the server's .env; secrets are masked",
  },
  {
    name: 'env set',
    description: "Set variables in the server's .env, and make a release of it where the gateway reads them",
    argument: [
      '<names...>',
      'NAME to be asked for the value or to read it from stdin; NAME=VALUE for what is not a secret',
    ],
    options: OF_CHECKS,
    examples: [
      'ai-deploy env set OPENAI_API_KEY --host my-server',
      'ai-deploy env set OPENAI_API_KEY --host my-server --yes < key.txt',
      'ai-deploy env set WATCH_S=60 --host my-server',
    ],
  },
  {
    name: 'env unset',
    description: "Remove variables from the server's .env, and make a release of it where the gateway reads them",
    argument: ['<names...>', 'names of variables'],
    options: OF_CHECKS,
  },
  {
    name: 'env edit',
    description: "Edit the server's .env in your editor (VISUAL or EDITOR); secrets stay on the server",
    options: OF_CHECKS,
  },
  {
    name: 'config pull',
    description: 'Fetch config.yml of the live release into the current folder',
    argument: CONFIG_FILE,
  },
  {
    name: 'config push',
    description: 'Make a release of the live one with config.yml of the current folder',
    argument: CONFIG_FILE,
    options: OF_CHECKS,
  },
  {
    name: 'config edit',
    description: 'Edit config.yml of the live release in your editor (VISUAL or EDITOR), and make a release of it',
    options: OF_CHECKS,
  },
  {
    name: 'upgrade',
    description: 'Take newer images of the edge and of Node, and watch the release that is made of them',
    options: OF_CHECKS,
  },
  {
    name: 'prune',
    description: 'Remove releases and images that no rollback needs',
    own: [{ flags: '--keep <count>', description: 'how many earlier releases stay for a rollback (4)' }],
  },
  {
    name: 'remove',
    description: 'Take the gateway and the edge off the server; logs, backups, certificates and .env stay',
    own: [{ flags: '--data', description: 'remove the data too: the whole folder' }],
  },
  {
    name: 'drill',
    description: 'Switch to another container of the live release and back under requests, and say what failed',
    options: OF_CHECKS,
    own: [{ flags: '--with-restore', description: 'start a gateway of the last backup too, where nobody reaches it' }],
    examples: ['ai-deploy drill --host my-server', 'ai-deploy drill --host my-server --with-restore --yes'],
  },
  {
    name: 'https',
    description: 'Change the name of the server or its certificate, and nothing else',
    options: [
      ...['--service', '--domain', '--name', '--email', '--staging', '--no-staging', '--drop-old', '--ip'],
      ...['--cert', '--key', '--no-cert', '--free-ports', '--resolve', '--ca-file'],
    ],
    examples: [
      'ai-deploy https --host my-server -s sslip.io',
      'ai-deploy https --host my-server -d llm.example.com -e me@example.com',
      'ai-deploy https --host my-server --cert fullchain.pem --key privkey.pem',
    ],
  },
  {
    name: 'test-https',
    description: 'Check the name, the redirect, the certificate and the API from here, and say what to do',
    options: OF_CHECKS,
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
    argument: BACKUP_FILE,
    description: 'Compare every file in a backup with its manifest, and let SQLite judge its databases',
    options: ['--age-identity'],
    examples: ['ai-deploy backup verify ./backup.tar.gz.age --age-identity key.txt --host my-server'],
  },
  {
    name: 'backup pull',
    argument: BACKUP_FILE,
    description: 'Fetch a backup of the server, or its copy elsewhere, into the current folder',
    options: ['--age-identity'],
    examples: ['ai-deploy backup pull ai-proxy-backup-20261123-101112.tar.gz --host my-server'],
  },
  {
    name: 'backup restore',
    argument: BACKUP_FILE,
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
    own: [{ flags: '-m, --message <text>', description: 'why, for those who want to change it', isRequired: true }],
  },
  { name: 'unhold', description: 'Let everybody change the server again' },
  { name: 'audit', description: 'Show who changed the server, and when' },
] as const satisfies readonly VerbRow[]

export type VerbName = (typeof VERBS)[number]['name']

/** What the first words of verbs with two words stand for. */
export const GROUPS: Readonly<Record<string, string>> = {
  env: "Show and change the server's .env",
  config: 'Fetch and change config.yml of the live release',
  backup: 'Make, list, check, fetch and restore backups',
}

/** The same table, with every column in every row. */
export const VERB_ROWS: readonly (VerbRow & { name: VerbName })[] = VERBS
