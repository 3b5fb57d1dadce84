import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { type ClientFolder, clientFolder } from '../../helpers/clients/client-folder.ts'
import { blockOf } from '../../helpers/clients/docs-page.ts'
import { type ClientGateway, startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromNpm } from '../../helpers/clients/packages.ts'
import { expectAbort, PIXEL, STARTING } from '../../helpers/clients/turns.ts'
import { eventually } from '../../helpers/gateway/gateway.ts'
import { freePort } from '../../helpers/process/server-process.ts'

const opencode = fromNpm('opencode-ai', '1.18.33')

describeInstalled(opencode)('OpenCode', () => {
  let gateway: ClientGateway
  beforeAll(async () => {
    gateway = await startForClients()
  })

  const folder = () =>
    clientFolder(opencode.program('opencode'), { 'project/opencode.json': blockOf(gateway.blocks, 'OpenCode', 'json') })
  const using = (more: string) => `export GATEWAY_API_KEY=${gateway.key}; opencode run ${more}`

  test('answers with the settings and the commands of the page', async () => {
    const { run } = folder()
    const script = blockOf(gateway.blocks, 'OpenCode', 'sh')
    const { result, records } = await gateway.exchangesOf(() => run(script))
    expect(result).toContain(gateway.words)
    // One for the title of the session, and one for the answer.
    const record = { endpoint: '/v1/chat/completions', outcome: 'ok', dialog_source: 'x-session-affinity' }
    expect(records).toMatchObject([record, record])
  })

  test('calls a tool, and continues a session as one dialog of the log', async () => {
    const { run } = folder()
    const { requests, records } = await gateway.exchangesOf(async () => {
      await run(using(`'Run \`printf %s-%s six seven\`'`))
      await run(using(`--continue 'What was the result?'`))
    })
    const bodies = requests.map(({ body }) => body)
    expect(bodies.filter((body) => body.includes('six-seven'))).toHaveLength(2)
    expect(bodies.at(-1)).toContain('What was the result?')
    expect(new Set(records.map(({ dialog_id }) => dialog_id)).size).toBe(1)
  })

  test('continues after compaction, with the summary in place of what was said, as one dialog of the log', async () => {
    const client = folder()
    const { requests, records } = await gateway.exchangesOf(async () => {
      await client.run(using(`'My favourite number is 4711'`))
      await summarize(client, gateway.key)
      await client.run(using(`--continue 'Are you still there?'`))
    })
    const bodies = requests.map(({ body }) => body)
    expect(bodies.filter((body) => body.includes('4711')).length).toBeGreaterThanOrEqual(3)
    expect(bodies.at(-1)).toContain('Are you still there?')
    expect(bodies.at(-1)).not.toContain('4711')
    expect(bodies.at(-1)).toContain(gateway.words)
    expect(new Set(records.map(({ dialog_id }) => dialog_id)).size).toBe(1)
  })

  test('sends an image', async () => {
    const { run, project } = folder()
    writeFileSync(join(project, 'pixel.png'), Buffer.from(PIXEL, 'base64'))
    const { requests } = await gateway.exchangesOf(() => run(using(`-f pixel.png -- 'What is this?'`)))
    expect(requests.some(({ body }) => body.includes('data:image/png;base64,'))).toBe(true)
  })

  test('is interrupted', () => expectAbort(gateway, folder(), using(`'Say hello'`)))
})

/** As the command /compact does it in the terminal, for the last session. */
async function summarize(client: ClientFolder, key: string): Promise<void> {
  const port = await freePort()
  const stop = client.start(`export GATEWAY_API_KEY=${key}; exec opencode serve --port ${port}`)
  onTestFinished(stop)
  const url = `http://127.0.0.1:${port}/session`
  // A request that comes while it starts may never get an answer.
  const list = () => fetch(url, { signal: AbortSignal.timeout(5_000) })
  const sessions = await eventually(async () => (await (await list()).json()) as { id: string }[], STARTING)
  const asked = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const body = JSON.stringify({ providerID: 'gateway', modelID: 'gpt-5' })
  expect((await fetch(`${url}/${sessions[0]?.id}/summarize`, { ...asked, body })).status).toBe(200)
  await stop()
}
