import { Command, Option } from 'commander'
import { UserError } from '../kit/user-error.ts'
import { deployGuide } from './rig/commands/deploy-guide.ts'
import { down } from './rig/commands/down.ts'
import { findServer, sshTo } from './rig/commands/ssh.ts'
import { rigStatus, statusText } from './rig/commands/status.ts'
import { up } from './rig/commands/up.ts'
import { parseRigId, SUITES, type Suite } from './rig/layout.ts'
import { say } from './rig/machine/progress.ts'
import { readRig } from './rig/rig-file.ts'
import { rebootServer } from './rig/servers/server.ts'

/** Everything after `--` is the command of `ssh`, whatever it looks like. */
const [ownArgs, remoteCommand] = splitAtDashes(process.argv)

const program = new Command('npm run rig --')
  .description('Throw-away servers on this machine, to try a deploy or to test one')
  .addOption(new Option('--id <n>', 'several rigs can run at once').argParser(parseRigId).default(0))

program
  .command('up')
  .description('start what is not running, and print how to deploy to it')
  .addOption(new Option('--suite <name...>', 'Debian of the servers').choices(SUITES).default([...SUITES]))
  .option('--fresh', 'make the servers anew, clean again', false)
  .action(async ({ suite, fresh }: { suite: Suite[]; fresh: boolean }) => {
    console.log(deployGuide(await up({ id: rigId(), suites: suite, fresh })))
  })

program
  .command('down')
  .description('take servers, network and processes down')
  .option('--purge', 'delete what is cached, too', false)
  .action(async (options: { purge: boolean }) => {
    await down(rigId(), options)
  })

program
  .command('ssh')
  .description('log in to a server, or run a command there')
  .usage('[name] [-- command...]')
  .argument('[name]', 'bookworm, trixie; with -admin, -ops or -guest as another user than root')
  .action(async (name: string | undefined) => {
    process.exitCode = await sshTo(readRig(rigId()), name, remoteCommand)
  })

program
  .command('reboot')
  .description('restart a server')
  .argument('[name]', 'bookworm, trixie')
  .action(async (name: string | undefined) => {
    const server = findServer(readRig(rigId()), name)
    await rebootServer(rigId(), server)
    say(`${server.host} is up again`)
  })

program
  .command('status')
  .description('say what runs')
  .option('--json', 'as JSON', false)
  .action(async ({ json }: { json: boolean }) => {
    const status = await rigStatus(rigId())
    console.log(json ? JSON.stringify(status) : statusText(status))
  })

await program.parseAsync(ownArgs).catch(showError)

function rigId(): number {
  return program.opts<{ id: number }>().id
}

function splitAtDashes(argv: string[]): [string[], string[]] {
  const dashes = argv.indexOf('--')
  return dashes < 0 ? [argv, []] : [argv.slice(0, dashes), argv.slice(dashes + 1)]
}

function showError(error: unknown): void {
  if (!(error instanceof UserError)) throw error
  console.error(`✖ ${error.message}\nHint: ${error.hint}`)
  process.exitCode = error.exitCode
}
