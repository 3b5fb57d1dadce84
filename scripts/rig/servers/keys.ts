import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Layout } from '../layout.ts'
import { run } from '../machine/run.ts'

/** Makes the key that all users of the servers accept, and the sudo password of `ops`. */
export async function makeKeys(layout: Layout): Promise<void> {
  mkdirSync(layout.stateDir, { recursive: true, mode: 0o700 })
  const identity = identityPath(layout)
  if (!existsSync(identity)) {
    const comment = `ai-deploy-rig-${layout.id}`
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', identity])
  }
  if (!existsSync(opsPasswordPath(layout))) {
    writeFileSync(opsPasswordPath(layout), `${randomBytes(12).toString('hex')}\n`, { mode: 0o600 })
  }
}

export function identityPath({ stateDir }: Layout): string {
  return join(stateDir, 'id_ed25519')
}

export function publicKey(layout: Layout): string {
  return readFileSync(`${identityPath(layout)}.pub`, 'utf8')
}

export function opsPasswordPath({ stateDir }: Layout): string {
  return join(stateDir, 'ops-password')
}

export function opsPassword(layout: Layout): string {
  return readFileSync(opsPasswordPath(layout), 'utf8').trim()
}
