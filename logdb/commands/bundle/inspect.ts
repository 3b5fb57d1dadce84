import type { Command } from 'commander'
import { withoutControls } from '../../../kit/cli/terminal.ts'
import type { BundleFile, Manifest } from '../../bundle/format/manifest.ts'
import type { CommandContext } from '../../command-line/context.ts'
import { end } from '../../command-line/ending.ts'
import { addExamples, addOptions, JSON_OUTPUT } from '../../command-line/options.ts'
import { PROTECTION, type ProtectionFlags, protectedBundle } from '../../command-line/protection.ts'

export function addBundleInspect(bundle: Command, context: CommandContext): void {
  const command = bundle
    .command('inspect')
    .description('Show what the list in a bundle says; verify checks it')
    .argument('<file>', 'path of the bundle')
  addOptions(command, PROTECTION, JSON_OUTPUT).action((file: string, flags: ProtectionFlags) =>
    run(file, flags, context),
  )
  addExamples(command, ['logdb bundle inspect week.tgz'])
}

async function run(file: string, flags: ProtectionFlags, context: CommandContext): Promise<void> {
  const { inspectBundle } = await import('../../bundle/verify/inspect-bundle.ts')
  const manifest = await inspectBundle(protectedBundle(file, flags, context))
  const print = () => {
    for (const line of linesOf(manifest)) context.terminal.out(`${withoutControls(line)}\n`)
  }
  end(context, flags, { verb: 'bundle inspect', result: manifest, print })
}

function linesOf({ bundle_id, created_at, server_id, host, ranges, files }: Manifest): string[] {
  const days = (ranges ?? []).map(({ since, to }) => `${since ?? 'the first'} to ${to ?? 'the last'}`)
  const facts = { bundle_id, created_at, server_id, host, days: days.join(', ') || undefined }
  const known = Object.entries(facts).filter(([, value]) => value !== undefined)
  return [...known.map(([name, value]) => `${name}=${value}`), ...files.map(fileLine)]
}

function fileLine({ path, bytes, rows, min_ts, max_ts }: BundleFile): string {
  const times = min_ts && max_ts ? [`first=${timeText(min_ts)}`, `last=${timeText(max_ts)}`] : []
  return [path, `bytes=${bytes}`, ...(rows === undefined ? [] : [`rows=${rows}`]), ...times].join(' ')
}

function timeText(timeS: number): string {
  return new Date(timeS * 1000).toISOString().replace('.000Z', 'Z')
}
