import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { LocalHost } from '../../../../deploy/host/local-host.ts'
import type { Facts } from '../../../../deploy/server/facts.ts'
import { serverLayout } from '../../../../deploy/server/layout.ts'
import { parseFacts } from '../../../../deploy/server/read-facts.ts'
import { startUi } from '../../../../deploy/steps/changes/start-ui.ts'
import { pathWith } from '../../../helpers/server/programs-first.ts'
import { DEBIAN_12_DOCKER, file } from '../../../helpers/server/recorded-facts.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const LIVE = '20261123-101112'
const manifest = { id: LIVE, version: 1, image: 'ai-proxy:1', content: '', createdAt: '', files: { 'ui.yml': 'hash' } }
const WITH_LIVE = `${DEBIAN_12_DOCKER}container=ai-proxy-${LIVE} running ${LIVE} unless-stopped\n${file(`manifest_${LIVE}`, JSON.stringify(manifest))}`

/** Takes a Logs UI back on a server that looked like this. @returns the folder, and what was asked of docker */
async function takeBack(facts: Facts): Promise<{ folder: string; calls: string }> {
  const folder = tempFolder()
  mkdirSync(join(folder, 'edge/dynamic'), { recursive: true })
  writeFileSync(join(folder, 'edge/dynamic/ui.yml'), 'the new route')
  const program = `#!/bin/sh\necho "$@" >> ${folder}/calls\n`
  vi.stubEnv('PATH', pathWith({ docker: program, 'docker-compose': program }))
  const server = {
    ...{ host: new LocalHost({ kind: 'root' }), layout: serverLayout(folder), facts, buildContext: [] },
    ...{ signal: new AbortController().signal, now: new Date(), actor: 'somebody', verb: 'deploy', measured: {} },
    warn: () => {},
  }
  const change = { kind: 'start-ui', release: 'NEW', domain: 'd', route: 'r', isAgain: true, mayFail: false } as const
  await startUi.undo(change, server)?.action()
  vi.unstubAllEnvs()
  return { folder, calls: readFileSync(join(folder, 'calls'), 'utf8') }
}

test('the Logs UI of the release that stays comes back, with its route', async () => {
  const { folder, calls } = await takeBack(parseFacts(`${WITH_LIVE}${file('ui_route', 'the old route')}`))
  expect(readFileSync(join(folder, 'edge/dynamic/ui.yml'), 'utf8')).toBe('the old route')
  expect(calls).toContain(`-p ai-proxy-ui -f ${folder}/releases/${LIVE}/ui.yml up -d`)
})

test('where there was none, there is none again', async () => {
  const { folder, calls } = await takeBack(parseFacts(WITH_LIVE))
  expect(existsSync(join(folder, 'edge/dynamic/ui.yml'))).toBe(false)
  expect(calls).toContain('rm -f ai-proxy-ui ai-proxy-logs')
})
