import { expect, test } from 'vitest'
import { serverLayout } from '../../../deploy/server/layout.ts'

test('everything is under one folder, where the docs and the predecessor’s users look for it', () => {
  const { release, copyJob, ...paths } = serverLayout('/root/ai-proxy')
  expect(paths).toEqual({
    folder: '/root/ai-proxy',
    env: '/root/ai-proxy/.env',
    acmeAttempts: '/root/ai-proxy/acme-attempts.json',
    state: '/root/ai-proxy/state.json',
    audit: '/root/ai-proxy/audit.jsonl',
    lock: '/root/ai-proxy/lock',
    hold: '/root/ai-proxy/hold',
    current: '/root/ai-proxy/current',
    edge: '/root/ai-proxy/edge',
    secondEdge: '/root/ai-proxy/edge/second',
    certificateEdge: '/root/ai-proxy/edge/certificate',
    route: '/root/ai-proxy/edge/dynamic/app.yml',
    draining: '/root/ai-proxy/edge/dynamic/draining.yml',
    uiRoute: '/root/ai-proxy/edge/dynamic/ui.yml',
    askAgain: '/root/ai-proxy/edge/dynamic/ask-again.yml',
    ownCertificates: '/root/ai-proxy/edge/dynamic/own-certificates.yml',
    certs: '/root/ai-proxy/certs',
    previousCerts: '/root/ai-proxy/certs.before',
    backups: '/root/ai-proxy/backups',
    copies: '/root/ai-proxy/backups/copies.json',
    logdb: '/root/ai-proxy/scripts/logdb',
    routine: '/root/ai-proxy/scripts/logdb-routine',
    reserve: '/root/ai-proxy/.reserve',
  })
  expect(copyJob('1')).toBe('/root/ai-proxy/backups/.job-1.json')
  expect(release('20261123-101112')).toBe('/root/ai-proxy/releases/20261123-101112')
})
