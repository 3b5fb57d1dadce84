import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Rig, RigServer } from '../../../scripts/rig/rig-file.ts'
import { onServer } from './rig-server.ts'
import { refuseSecrets, showsSecret } from './secrets.ts'

const SAMPLE_MS = 100
const SSH_AGAIN_MS = 1000

/** Fails the file if a planted secret is in a process list, here or on a server, at any time, or in a log there at the end. */
export function expectSecretsHidden(rig: Rig, servers: readonly RigServer[]): void {
  let stop: () => Promise<string[]>
  beforeAll(() => {
    stop = watchProcesses(rig, servers)
  })
  afterAll(async () => {
    expect(await stop()).toEqual([])
    const logs = `cd /root/ai-proxy || cd /home/admin/ai-proxy; cat audit.jsonl state.json lock; journalctl --no-pager -q; for c in $(docker ps -aq); do docker logs $c; done; for i in $(docker images -q); do docker history --no-trunc $i; done`
    for (const server of servers) {
      refuseSecrets(`a log of ${server.name}`, await onServer(rig, server, `(${logs}) 2>&1 || true`))
    }
  })
}

/** Samples the command lines of all processes. @returns ends that, and gives each line that shows a secret */
function watchProcesses(rig: Rig, servers: readonly RigServer[]): () => Promise<string[]> {
  const shown = new Set<string>()
  const look = (text: string) => {
    for (const line of text.split('\n')) if (showsSecret(line)) shown.add(line)
  }
  const sampler = `while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; echo; sleep 0.1; done`
  let isRunning = true
  const ended = new AbortController()
  const watch = async ({ host }: RigServer) => {
    // Again after a reboot, or when another server has taken its place.
    while (isRunning) {
      const options = { reject: false, buffer: false, cancelSignal: ended.signal } as const
      const remote = execa('ssh', ['-F', rig.sshConfigPath, host, sampler], options)
      remote.stdout.setEncoding('utf8').on('data', look)
      await remote
      if (isRunning) await delay(SSH_AGAIN_MS)
    }
  }
  const remotes = servers.map(watch)
  const local = (async () => {
    while (isRunning) {
      look(localCommandLines())
      await delay(SAMPLE_MS)
    }
  })()
  return async () => {
    isRunning = false
    ended.abort()
    await Promise.all([local, ...remotes])
    return [...shown].map((line) => line.slice(0, 200))
  }
}

function localCommandLines(): string {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return ids.map(commandLine).join('\n')
}

function commandLine(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
