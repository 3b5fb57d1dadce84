import { type Command, Option } from 'commander'
import type { CreatedBundle } from '../../bundle/create/create-bundle.ts'
import type { CommandContext } from '../../command-line/context.ts'
import { end } from '../../command-line/ending.ts'
import { addExamples, addOptions, checkDays, DAYS, type Flags, REPORT } from '../../command-line/options.ts'

interface CreateFlags extends Flags {
  /** The bundle, not the log database. */
  out: string
  db: string
  includeRaw?: true
  raw: string
  encryptTo?: string[]
  sign?: string
}

export function addBundleCreate(bundle: Command, context: CommandContext): void {
  const command = bundle.command('create').description('Pack the requests of some days into one file')
  addOptions(command, DAYS)
    .requiredOption('--out <file>', 'path of the bundle, like week.tgz')
    .option('--db <folder>', 'folder of the log database', 'logs/db')
    .addOption(new Option('--include-raw', 'put the log files of these days into it too'))
    .option('--raw <folder>', 'folder of the logs', 'logs')
    .addOption(new Option('--encrypt-to <key...>', 'encrypt it with age for these public keys'))
    .addOption(new Option('--sign <key>', 'sign it with this SSH key; the signature is next to it, as .sig'))
  addOptions(command, REPORT).action((flags: CreateFlags) => run(flags, context))
  addExamples(command, ['logdb bundle create --since 2025-09-01 --to 2025-09-07 --out week.tgz'])
}

async function run(flags: CreateFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { out, db, raw, since, to, includeRaw, encryptTo, sign } = flags
  const { createBundle } = await import('../../bundle/create/create-bundle.ts')
  const settings = context.settings()
  const created = await createBundle({
    db: context.resolve(db),
    out: context.resolve(out),
    settings,
    raw: includeRaw || settings.isRawBundled ? context.resolve(raw) : undefined,
    since,
    to,
    recipients: encryptTo,
    signingKey: sign === undefined ? undefined : context.resolve(sign),
  })
  end(context, flags, {
    verb: 'bundle create',
    result: { path: created.path, bytes: created.sizeBytes, manifest: created.manifest },
    print: () => context.terminal.out(`${out}\n`),
    notes: notesOf(created),
  })
}

function notesOf({ manifest: { counts } }: CreatedBundle): string[] {
  return counts?.requests === 0 ? ['the bundle has no request: the log database has none of these days'] : []
}
