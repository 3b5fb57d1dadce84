import { $ } from 'zx'

const rigId = process.env['E2E_RIG_ID'] ?? '90'
const isRigKept = process.env['E2E_KEEP_RIG'] === 'true'
const shell = $({ nothrow: true, stdio: 'inherit', env: { ...process.env, E2E_RIG_ID: rigId } })

process.exitCode = await runEndToEndTests(process.argv.slice(2))

/** Brings up a rig, runs the end-to-end tests on it, and takes it down. Returns the exit code. */
async function runEndToEndTests(vitestArgs: string[]): Promise<number> {
  const upCode = await rigCommand('up', '--fresh')
  if (upCode !== 0) return upCode
  const tests = await shell`npx vitest run --config tests/e2e/vitest.config.ts ${vitestArgs}`
  const downCode = isRigKept ? 0 : await rigCommand('down')
  return tests.exitCode === 0 ? downCode : (tests.exitCode ?? 1)
}

async function rigCommand(...args: string[]): Promise<number> {
  const { exitCode } = await shell`npx tsx scripts/rig.ts --id ${rigId} ${args}`
  return exitCode ?? 1
}
