import type { Command } from 'commander'
import type { CommandContext } from '../command-line/context.ts'
import { addExamples } from '../command-line/options.ts'
import { addBundleCreate } from './bundle/create.ts'
import { addBundleImport } from './bundle/import.ts'
import { addBundleInspect } from './bundle/inspect.ts'
import { addBundleTransfer } from './bundle/transfer.ts'
import { addBundleVerify } from './bundle/verify.ts'

export function addBundle(program: Command, context: CommandContext): void {
  const bundle = program
    .command('bundle')
    .description('Pack the requests of some days into one file, check it, send it and import it')
  addExamples(bundle, ['logdb bundle create --since 7d --to yesterday --out week.tgz', 'logdb bundle verify week.tgz'])
  addBundleCreate(bundle, context)
  addBundleVerify(bundle, context)
  addBundleInspect(bundle, context)
  addBundleImport(bundle, context)
  addBundleTransfer(bundle, context)
}
