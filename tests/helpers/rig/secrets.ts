import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Rig, RigServer } from '../../../scripts/rig/rig-file.ts'
import { onServer } from './rig-server.ts'

const planted = new Set<string>()

/** A secret that must never be shown. @returns it */
export function plantSecret(secret: string): string {
  planted.add(secret)
  return secret
}

/** @throws when the text shows a planted secret; the message says where, and not which */
export function refuseSecrets(where: string, text: string): void {
  for (const secret of planted) {
    const at = text.indexOf(secret)
    if (at !== -1) throw new Error(`${where} shows a planted secret after: ${text.slice(Math.max(0, at - 120), at)}`)
  }
}

const SAMPLE_MS = 100

/** Fails the file if a planted secret is in a process list, here or on the server, at any time, or in a log there at the end. */
export function expectSecretsHidden(rig: Rig, server: RigServer): void {
  let stop: () => Promise<string[]>
  beforeAll(() => {
    stop = watchProcesses(rig, server)
  })
  afterAll(async () => {
    expect(await stop()).toEqual([])
    const logs = `cat /root/ai-proxy/audit.jsonl /root/ai-proxy/state.json /root/ai-proxy/lock; journalctl --no-pager -q; for c in $(docker ps -aq); do docker logs $c; done; for i in $(docker images -q); do docker history --no-trunc $i; done`
    refuseSecrets('a log of the server', await onServer(rig, server, `(${logs}) 2>&1 || true`))
  })
}

/** Samples the command lines of all processes. @returns ends that, and gives each line that shows a secret */
function watchProcesses(rig: Rig, { host }: RigServer): () => Promise<string[]> {
  const shown = new Set<string>()
  const look = (text: string) => {
    for (const line of text.split('\n')) if ([...planted].some((secret) => line.includes(secret))) shown.add(line)
  }
  const sampler = `while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; echo; sleep 0.1; done`
  const remote = execa('ssh', ['-F', rig.sshConfigPath, host, sampler], { reject: false, buffer: false })
  remote.stdout.setEncoding('utf8').on('data', look)
  let isRunning = true
  const local = (async () => {
    while (isRunning) {
      look(localCommandLines())
      await delay(SAMPLE_MS)
    }
  })()
  return async () => {
    isRunning = false
    remote.kill()
    await Promise.all([local, remote])
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
