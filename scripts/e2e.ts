import { $ } from 'zx'

/** Brings a rig of its own up, runs the end-to-end tests on it, and takes it down. Arguments go to vitest. */
const rigId = process.env['E2E_RIG_ID'] ?? '90'
const keep = process.env['E2E_KEEP_RIG'] === 'true'
const shell = $({ stdio: 'inherit', env: { ...process.env, E2E_RIG_ID: rigId } })

await shell`npx tsx scripts/rig.ts --id ${rigId} up --fresh`
const tests = await shell({
  nothrow: true,
})`npx vitest run --config tests/e2e/vitest.config.ts ${process.argv.slice(2)}`
if (!keep) await shell`npx tsx scripts/rig.ts --id ${rigId} down`
process.exitCode = tests.exitCode ?? 1
