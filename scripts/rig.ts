import { Command, CommanderError, Option } from 'commander'
import { toUserError } from '../kit/cli/command-errors.ts'
import { printJson } from '../kit/cli/json-envelope.ts'
import { renderError } from '../kit/cli/render-error.ts'
import { errColors } from '../kit/cli/terminal.ts'
import { deployGuide } from './rig/commands/deploy-guide.ts'
import { down } from './rig/commands/down.ts'
import { sshTo } from './rig/commands/ssh.ts'
import { rigStatus, statusText } from './rig/commands/status.ts'
import { up } from './rig/commands/up.ts'
import { parseRigId, SUITES, type Suite } from './rig/layout.ts'
import { say } from './rig/machine/progress.ts'
import { terminal } from './rig/machine/terminal.ts'
import { findServer, readRig } from './rig/rig-file.ts'
import { rebootServer } from './rig/servers/server.ts'

const PROGRAM = 'npm run rig --'

/** Everything after `--` is the command of `ssh`, whatever it looks like. */
const [ownArgs, remoteCommand] = splitAtDashes(process.argv)

const program = new Command(PROGRAM)
  .description('Throw-away servers on this machine, to try a deploy or to test one')
  .addOption(new Option('--id <n>', 'which rig; several can run at once').argParser(parseRigId).default(0))
  .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: () => {} })
  .exitOverride()

program
  .command('up')
  .description('start what is not running, and print how to deploy to it')
  .addOption(new Option('--suite <name...>', 'Debian of the servers').choices(SUITES).default([...SUITES]))
  .option('--fresh', 'recreate the servers from the clean images', false)
  .action(async ({ suite, fresh }: { suite: Suite[]; fresh: boolean }) => {
    terminal.out(`${deployGuide(await up({ id: rigId(), suites: suite, fresh }))}\n`)
  })

program
  .command('down')
  .description('take the servers, the network and the processes down')
  .option('--purge', 'delete the cache too', false)
  .action((options: { purge: boolean }) => down(rigId(), options))

program
  .command('ssh')
  .description('log in to a server, or run a command there')
  .usage('[name] [-- command...]')
  .argument('[name]', 'bookworm or trixie; add -admin, -ops or -guest to log in as another user than root')
  .action(async (name: string | undefined) => {
    process.exitCode = await sshTo(readRig(rigId()), name, remoteCommand)
  })

program
  .command('reboot')
  .description('restart a server, and wait until it is up')
  .argument('[name]', 'bookworm or trixie')
  .action(async (name: string | undefined) => {
    const server = findServer(readRig(rigId()), name)
    await rebootServer(rigId(), server)
    say(`${server.host} is up again`)
  })

program
  .command('status')
  .description('show what runs')
  .option('--json', 'print JSON', false)
  .action(async ({ json }: { json: boolean }) => {
    const status = await rigStatus(rigId())
    if (json) printJson(terminal, status)
    else terminal.out(`${statusText(status)}\n`)
  })

try {
  await program.parseAsync(ownArgs)
} catch (error) {
  process.exitCode = report(error)
}

function rigId(): number {
  return program.opts<{ id: number }>().id
}

function splitAtDashes(argv: string[]): [string[], string[]] {
  const dashes = argv.indexOf('--')
  return dashes < 0 ? [argv, []] : [argv.slice(0, dashes), argv.slice(dashes + 1)]
}

/** Prints the error, and returns its exit code. Commander has already printed help, with a command or without one. */
function report(error: unknown): number {
  if (error instanceof CommanderError && error.code.startsWith('commander.help')) return error.exitCode
  const command = program.commands.find((candidate) => candidate.name() === program.args[0])
  const shown = toUserError(error, PROGRAM, command?.name() ?? '')
  terminal.err(renderError(shown, errColors(terminal)))
  return shown.exitCode
}
