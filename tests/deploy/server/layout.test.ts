import { expect, test } from 'vitest'
import { containerName, releaseOf, serverLayout } from '../../../deploy/server/layout.ts'

test('everything is under one folder, where the docs and the predecessor’s users look for it', () => {
  const { release, ...paths } = serverLayout('/root/ai-proxy')
  expect(paths).toEqual({
    folder: '/root/ai-proxy',
    env: '/root/ai-proxy/.env',
    state: '/root/ai-proxy/state.json',
    audit: '/root/ai-proxy/audit.jsonl',
    lock: '/root/ai-proxy/lock',
    current: '/root/ai-proxy/current',
    edge: '/root/ai-proxy/edge',
    route: '/root/ai-proxy/edge/dynamic/app.yml',
    certs: '/root/ai-proxy/certs',
    backups: '/root/ai-proxy/backups',
    logdb: '/root/ai-proxy/scripts/logdb',
  })
  expect(release('20261123-101112')).toBe('/root/ai-proxy/releases/20261123-101112')
})

test('an instance has the name of its release, and a number from the second on', () => {
  expect(['20261123-101112', '20261123-101112-2', '20261123-101112-17'].map(releaseOf)).toEqual(
    Array(3).fill('20261123-101112'),
  )
  expect(containerName('20261123-101112-2')).toBe('ai-proxy-20261123-101112-2')
})
