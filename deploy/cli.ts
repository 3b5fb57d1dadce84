#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander'
import { createColors } from 'picocolors'
import { loadCheckedEnvironment } from '../kit/gateway-config/checked-environment.ts'
import { packageVersion } from '../kit/package-root.ts'
import { EXIT_USAGE, UserError } from '../kit/user-error.ts'
import { type Flags, readOptions } from './local/options.ts'
import type { Interrupts, Io } from './session/io.ts'

const EXIT_INTERRUPTED = 130

interface AllFlags extends Flags {
  rollback?: boolean
  listBackups?: boolean
}

const io: Io = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  isTty: process.stdin.isTTY === true && process.stderr.isTTY === true,
}

const pc = createColors(process.stderr.isTTY === true && !process.env['NO_COLOR'])

function program(): Command {
  return new Command('ai-deploy')
    .description(
      'Turns a Linux server into an HTTPS gateway for LLMs, and keeps it so.\nWithout an action it deploys: what is as it should be stays untouched.',
    )
    .version(packageVersion())
    .option(
      '--host <server>',
      'the server: a name of your ssh configuration, or user@address (DEPLOY_HOST); localhost for this machine',
    )
    .option('--path <folder>', 'folder on the server (DEPLOY_PATH; default ~/ai-proxy)')
    .addOption(
      new Option('--rollback', 'let the release before answer again; nothing is built').conflicts([
        'listBackups',
        'restoreBackup',
      ]),
    )
    .addOption(new Option('--list-backups', 'show the backups on the server').conflicts('restoreBackup'))
    .option('--restore-backup <file>', 'bring a backup back: a name of --list-backups, or a file here (with a /)')
    .option('--include-certs', "with --restore-backup: put the backup's certificates in place too")
    .option('--domain <name>', "the server's name (default: ai-proxy.ADDRESS.nip.io)")
    .option('--email <address>', "for Let's Encrypt's notices")
    .option('--ip <address>', 'public address of the server, when it cannot be told')
    .option('--resolve <name:address>', 'check NAME at ADDRESS, whatever DNS says (repeatable)', collect)
    .option('--ca-file <file>', "trust these certificates (PEM) too when checking the gateway's")
    .option('--ssh-config <file>', 'instead of ~/.ssh/config')
    .option('--identity <file>', 'private key to use')
    .option(
      '--host-key <fingerprint>',
      'accept this host key unseen (SHA256:...), for a first deploy without a terminal',
    )
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--json', 'print one JSON object on stdout')
    .option('--no-dotenv', 'leave ./.env alone')
    .addHelpText(
      'after',
      `
Examples:
  ai-deploy --host root@203.0.113.7
  ai-deploy --host my-server --domain llm.example.com --email me@example.com
  ai-deploy --host my-server --rollback

Exit codes and what they mean: docs/cli.md`,
    )
    .exitOverride()
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

async function main(): Promise<void> {
  const flags = program().parse(process.argv).opts<AllFlags>()
  const environment = loadCheckedEnvironment({ cwd: process.cwd(), env: process.env, dotenv: flags.dotenv })
  const options = readOptions(flags, process.env, environment, process.cwd())
  const interrupts = handleInterrupts()
  const context = { options, io, interrupts, signal: interrupts.signal, now: new Date() }
  // Each action is loaded only when it is used, so that --help is quick.
  if (flags.listBackups) return (await import('./commands/list-backups.ts')).listBackups(context)
  if (flags.rollback) return (await import('./commands/rollback.ts')).rollback(context)
  if (flags.restoreBackup !== undefined) {
    const { restoreBackup } = await import('./commands/restore-backup.ts')
    return restoreBackup(context, { file: flags.restoreBackup, includeCerts: flags.includeCerts ?? false })
  }
  return (await import('./commands/deploy.ts')).deploy(context)
}

/** While the server is being changed, the first interrupt undoes what was begun; any other ends at once. */
function handleInterrupts(): Interrupts {
  const controller = new AbortController()
  const interrupts: Interrupts = { signal: controller.signal, isChanging: false }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!interrupts.isChanging || controller.signal.aborted) process.exit(EXIT_INTERRUPTED)
      io.err('Interrupted: undoing what was begun. Once more ends at once.')
      controller.abort()
    })
  }
  return interrupts
}

function showError(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    showJson({ code: 'USAGE', message: error.message, hint: 'see ai-deploy --help' })
    return EXIT_USAGE
  }
  if (!(error instanceof UserError)) {
    showJson({ code: 'BUG', message: String(error), hint: 'please report it' })
    io.err(`${pc.red('✖')} This is a bug of ai-deploy: ${error instanceof Error ? error.stack : error}`)
    return 1
  }
  showJson({ code: error.code, message: error.message, hint: error.hint, ...error.data })
  io.err(`${pc.red('✖')} ${sentence(error.message)}`)
  io.err(`Hint: ${error.hint}. ${pc.dim(`(${error.code}, exit code ${error.exitCode})`)}`)
  return error.exitCode
}

function showJson(error: Record<string, string>): void {
  if (process.argv.includes('--json')) io.out(JSON.stringify({ ok: false, ...error }))
}

/** With a capital and a full stop; what ends in a list of lines or a question stays as it is. */
function sentence(text: string): string {
  const capitalised = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?:]$|\n/.test(text) ? capitalised : `${capitalised}.`
}

main().then(
  () => process.exit(0),
  (error: unknown) => process.exit(showError(error)),
)
