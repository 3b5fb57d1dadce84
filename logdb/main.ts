import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { packageVersion } from '../kit/package-root.ts'
import { EXIT_USAGE, UserError } from '../kit/user-error.ts'
import { addAudit } from './commands/audit.ts'
import type { CommandContext } from './commands/context.ts'
import { addConvert } from './commands/convert.ts'
import { addDialogs } from './commands/dialogs.ts'
import { addErrors } from './commands/errors.ts'
import { addForget } from './commands/forget.ts'
import { addFts } from './commands/fts.ts'
import { addIngest } from './commands/ingest.ts'
import { addInit } from './commands/init.ts'
import { addQuery } from './commands/query.ts'
import { addRetain } from './commands/retain.ts'
import { addSeal } from './commands/seal.ts'
import { addSearch } from './commands/search.ts'
import { addShow } from './commands/show.ts'
import { addStats } from './commands/stats.ts'
import { addVerify } from './commands/verify.ts'
import { loadEnvironment } from './environment.ts'
import { readSettings } from './settings.ts'
import { printJson, type Terminal } from './terminal.ts'

/** Runs one command line (without the program's name) and returns the exit code. Throws only what is our bug. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  let exitCode = 0
  const program = new Command('logdb')
  const context: CommandContext = {
    terminal,
    settings: () =>
      readSettings(loadEnvironment({ cwd: terminal.cwd, env: terminal.env, dotenv: usesDotenv(program) })),
    resolve: (path) => resolve(terminal.cwd, path),
    exitWith: (code) => {
      exitCode = code
    },
  }
  describe(program, terminal)
  for (const add of [
    addInit,
    addIngest,
    addSearch,
    addFts,
    addShow,
    addStats,
    addQuery,
    addDialogs,
    addForget,
    addRetain,
    addAudit,
    addErrors,
    addVerify,
    addSeal,
    addConvert,
  ])
    add(program, context)
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
    if (error instanceof UserError) return report(error, args, terminal)
    throw error
  }
}

function describe(program: Command, { out, err }: Terminal): void {
  program
    .description('Store, index and search the logs of LLM requests in SQLite')
    .version(packageVersion())
    .option('--no-dotenv', 'do not read ./.env')
    .configureOutput({ writeOut: out, writeErr: err })
    .exitOverride()
}

const usesDotenv = (program: Command) => program.opts<{ dotenv: boolean }>().dotenv

function report(error: UserError, args: string[], terminal: Terminal): number {
  const { code, message, hint, exitCode } = error
  if (args.includes('--json')) printJson(terminal, { ok: false, error: { code, message, hint } })
  terminal.err(`✖ ${message}\nHint: ${hint}\n`)
  return exitCode
}
