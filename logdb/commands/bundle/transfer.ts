import type { Command } from 'commander'
import { canAsk, withoutControls } from '../../../kit/cli/terminal.ts'
import type { CommandContext } from '../../command-line/context.ts'
import { end } from '../../command-line/ending.ts'
import { addExamples, addOptions, type Flags, REPORT } from '../../command-line/options.ts'
import { logdbError } from '../../error-table.ts'
import { StatusLine, transferLine } from '../../output/status-line.ts'
import type { TransferProgress, TransferredFile } from '../../transfer/send-files.ts'

interface TransferFlags extends Flags {
  sshConfig?: string
}

export function addBundleTransfer(bundle: Command, context: CommandContext): void {
  const command = bundle
    .command('transfer')
    .description('Copy bundles or other files to another place, and continue a copy that was interrupted')
    .argument('<paths...>', 'files, then a file, a folder or [user@]host:path')
    .usage('[options] <file...> <destination>')
    .option('--ssh-config <file>', 'configuration of SSH, instead of ~/.ssh/config')
  addOptions(command, REPORT)
    .addHelpText('after', '\nThe other machine needs only sh, coreutils and an SSH server.')
    .action((paths: string[], flags: TransferFlags) => run(paths, flags, context))
  addExamples(command, [
    'logdb bundle transfer week.tgz backup.example.com:/var/backups/ai-proxy/week.tgz',
    'logdb bundle transfer bundles/*.tgz root@backup.example.com:/var/backups/ai-proxy/',
  ])
}

async function run(paths: string[], flags: TransferFlags, context: CommandContext): Promise<void> {
  const sources = paths.slice(0, -1)
  const destination = paths.at(-1) ?? ''
  if (sources.length === 0) {
    throw logdbError('USAGE', 'give a file and its destination', 'see logdb bundle transfer --help')
  }
  const files = await send(sources, destination, flags, context)
  const wrong = files.filter(({ isVerified }) => !isVerified)
  end(context, flags, {
    verb: 'bundle transfer',
    result: files.map(toJson),
    print: () => {
      for (const file of files) context.terminal.out(`${sources.length > 1 ? `${file.source} ` : ''}${lineOf(file)}\n`)
    },
    failure: wrong.length > 0 ? notVerified(wrong) : undefined,
  })
}

async function send(
  sources: string[],
  destination: string,
  { sshConfig }: TransferFlags,
  { terminal, resolve }: CommandContext,
): Promise<TransferredFile[]> {
  const { parseDestination, transfer } = await import('../../transfer/send-files.ts')
  const isHere = parseDestination(destination).host === undefined
  const line = new StatusLine(terminal)
  return transfer({
    sources: sources.map(resolve),
    destination: isHere ? localPath(destination, resolve) : destination,
    sshConfig: sshConfig === undefined ? undefined : resolve(sshConfig),
    canAsk: canAsk(terminal),
    onProgress: terminal.isErrTty ? showOn(line) : undefined,
  }).finally(() => line.clear())
}

/** A slash at the end means a folder. */
function localPath(destination: string, resolve: (path: string) => string): string {
  return destination.endsWith('/') ? `${resolve(destination)}/` : resolve(destination)
}

function showOn(line: StatusLine): (progress: TransferProgress) => void {
  const startedMs = performance.now()
  return (progress) => line.show(transferLine(progress, (performance.now() - startedMs) / 1000))
}

function lineOf({ sizeBytes, sha256, isVerified }: TransferredFile): string {
  return `bytes=${sizeBytes} sha256=${sha256} verify=${isVerified ? 'ok' : 'fail'}`
}

function toJson({ source, path, sizeBytes, sha256, sentBytes, isVerified }: TransferredFile) {
  return { source, path, bytes: sizeBytes, sha256, sent_bytes: sentBytes, verify: isVerified ? 'ok' : 'fail' }
}

function notVerified(files: readonly TransferredFile[]) {
  const names = files.map(({ path }) => withoutControls(path)).join(', ')
  const message = `what arrived is not what was sent: ${names}; it stays under that name with .part`
  return logdbError('TRANSFER_FAILED', message, 'check the disk there, then run the command again')
}
