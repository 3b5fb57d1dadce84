import { expect, test } from 'vitest'
import type { Change } from '../../../../deploy/plan/change.ts'
import { nextSteps } from '../../../../deploy/session/shown/next-steps.ts'
import { localServer } from '../../../helpers/server/local-server.ts'

const gateway = { domain: 'llm.example.com', httpPort: 80, httpsPort: 8443, apiKey: null }
const keepReserve: Change = { kind: 'keep-reserve' }

async function stepsOf(more: {
  options?: object
  connection?: object
  facts?: object
  program?: string
  hasNewKey?: boolean
  changes?: Change[]
}) {
  const { context, open } = await localServer({})
  const { changes = [keepReserve], hasNewKey = false, program = 'npx ai-deploy' } = more
  return nextSteps(
    { ...context, program, options: { ...context.options, ...more.options } },
    {
      ...open,
      layout: { ...open.layout, folder: '/root/ai-proxy', env: '/root/ai-proxy/.env' },
      connection: { ...open.connection, ...more.connection },
      facts: { ...open.facts, ...more.facts },
    },
    { changes, gateway, hasNewKey },
  )
}

test('after a first deploy offer no way back, and the request and the logs as they must be typed', async () => {
  expect(await stepsOf({ hasNewKey: true })).toEqual([
    'Next:',
    '  paste the line API_KEY=... above into your shell',
    `  curl https://llm.example.com:8443/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"echo","messages":[{"role":"user","content":"Hello"}]}' -H "Authorization: Bearer $API_KEY"`,
    '  cd /root/ai-proxy && ./scripts/logdb ingest && ./scripts/logdb search Hello',
  ])
})

test('carry over how the server is reached, and trusted', async () => {
  const options = {
    host: 'my-server',
    path: '/srv/my gateway',
    sshConfig: 'ssh.conf',
    identity: 'key',
    caFile: 'ca.pem',
    resolve: { 'llm.example.com': '10.0.0.7' },
  }
  const backup = { name: 'b.tar.gz', sizeBytes: 1, modifiedS: 1, summary: null, isPredecessors: false }
  const steps = await stepsOf({
    options,
    connection: { user: 'ops', serverAddress: '10.0.0.7' },
    facts: { backups: [backup] },
  })
  expect(steps[1]).toBe('  API_KEY=...    with a key of /root/ai-proxy/.env on the server')
  expect(steps[2]).toContain('curl --cacert ca.pem --resolve llm.example.com:8443:10.0.0.7 https://')
  expect(steps[3]).toBe(
    "  ssh -F ssh.conf -i key -t my-server 'cd /root/ai-proxy && sudo ./scripts/logdb ingest && sudo ./scripts/logdb search Hello'",
  )
  expect(steps[4]).toMatch(
    /^ {2}npx ai-deploy --host my-server --path '\/srv\/my gateway' --ssh-config ssh.conf --identity key --list-backups /,
  )
  expect(steps).toHaveLength(5)
})
