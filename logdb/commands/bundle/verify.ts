import type { Command } from 'commander'
import { withoutControls } from '../../../kit/cli/terminal.ts'
import { bundleInvalid, problemText } from '../../bundle/verify/problems.ts'
import type { VerifiedBundle } from '../../bundle/verify/verify-bundle.ts'
import type { CommandContext } from '../../command-line/context.ts'
import { end } from '../../command-line/ending.ts'
import { addExamples, addOptions, REPORT } from '../../command-line/options.ts'
import { PROTECTION, type ProtectionFlags, protectedBundle } from '../../command-line/protection.ts'

export function addBundleVerify(bundle: Command, context: CommandContext): void {
  const command = bundle
    .command('verify')
    .description('Check that a bundle is complete and that nothing in it was changed')
    .argument('<file>', 'path of the bundle')
  addOptions(command, PROTECTION, REPORT).action((file: string, flags: ProtectionFlags) => run(file, flags, context))
  addExamples(command, ['logdb bundle verify week.tgz'])
}

async function run(file: string, flags: ProtectionFlags, context: CommandContext): Promise<void> {
  const { verifyBundle } = await import('../../bundle/verify/verify-bundle.ts')
  const verified = await verifyBundle(protectedBundle(file, flags, context))
  const { path, problems } = verified
  end(context, flags, {
    verb: 'bundle verify',
    result: { path, bundle_id: verified.manifest?.bundle_id ?? null, problems },
    print: () => print(verified, context),
    failure: problems.length > 0 ? bundleInvalid(path, problems) : undefined,
  })
}

function print({ path, problems }: VerifiedBundle, { terminal: { out, err } }: CommandContext): void {
  out(problems.length === 0 ? 'ok\n' : 'fail\n')
  for (const problem of problems) err(`${withoutControls(`${path}: ${problemText(problem)}`)}\n`)
}
