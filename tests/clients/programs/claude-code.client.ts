import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { clientFolder } from '../../helpers/clients/client-folder.ts'
import { blockOf } from '../../helpers/clients/docs-page.ts'
import { type ClientGateway, startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromNpm } from '../../helpers/clients/packages.ts'
import { expectAbort, PIXEL } from '../../helpers/clients/turns.ts'

const claudeCode = fromNpm('@anthropic-ai/claude-code', '2.1.332')

describeInstalled(claudeCode)('Claude Code', () => {
  let gateway: ClientGateway
  beforeAll(async () => {
    gateway = await startForClients()
  })

  /** With the settings of the page. */
  const folder = () => {
    const settings = blockOf(gateway.blocks, 'Claude Code', 'json')
    return clientFolder(claudeCode.program('claude'), { '.claude/settings.json': settings })
  }

  test('answers with the variables of the page', async () => {
    const { run } = clientFolder(claudeCode.program('claude'))
    const { result, records } = await gateway.exchangesOf(() => run(blockOf(gateway.blocks, 'Claude Code', 'sh')))
    expect(result).toContain(gateway.words)
    for (const record of records) {
      expect(record).toMatchObject({
        endpoint: '/v1/messages',
        status_code: 200,
        outcome: 'ok',
        api_key_name: 'app',
        dialog_source: 'x-claude-code-session-id',
      })
    }
    expect(records.length).toBeGreaterThan(0)
  })

  test('calls a tool and sends back its result', async () => {
    const { run } = folder()
    const script = `claude -p 'Run \`printf %s-%s six seven\`' --allowedTools Bash`
    const { result, requests, records } = await gateway.exchangesOf(() => run(script))
    expect(result).toContain(gateway.words)
    expect(requests.at(-1)?.body).toContain('six-seven')
    expect(records.map(({ finish_reason }) => finish_reason).slice(-2)).toEqual(['tool_use', 'end_turn'])
  })

  test('continues a session, also after compaction, as one dialog of the log', async () => {
    const { run } = folder()
    const { requests, records } = await gateway.exchangesOf(async () => {
      await run(`claude -p 'My favourite number is 4711'`)
      await run(`claude -p --continue 'What is it?'`)
      await run(`claude -p --continue /compact`)
      await run(`claude -p --continue 'Are you still there?'`)
    })
    const bodies = requests.map(({ body }) => body)
    expect(bodies.filter((body) => body.includes('4711')).length).toBeGreaterThanOrEqual(3)
    expect(bodies.at(-1)).toContain('Are you still there?')
    expect(bodies.at(-1)).not.toContain('4711')
    expect(bodies.at(-1)).toContain(gateway.words)
    expect(new Set(records.map(({ dialog_id }) => dialog_id)).size).toBe(1)
  })

  test('finds the models of the gateway', async () => {
    const { run, home } = folder()
    await gateway.exchangesOf(() => run(`claude -p 'Say hello'`))
    const found = JSON.parse(readFileSync(join(home, '.claude/cache/gateway-models.json'), 'utf8'))
    expect(found.models.map(({ id }: { id: string }) => id)).toContain('claude-sonnet')
  })

  test('asks for the models of the variables', async () => {
    const { run } = folder()
    const names = 'ANTHROPIC_MODEL=claude-opus ANTHROPIC_DEFAULT_HAIKU_MODEL=claude-haiku'
    const { records } = await gateway.exchangesOf(() => run(`${names} claude -p 'Say hello'`))
    const models = new Set(records.map(({ model_original }) => model_original))
    expect(models).toContain('claude-opus')
    expect(['claude-opus', 'claude-haiku']).toEqual(expect.arrayContaining([...models]))
  })

  test('counts tokens', async () => {
    const { run } = folder()
    const { requests, records } = await gateway.exchangesOf(async () => {
      await run(`claude -p 'Say hello'`)
      await run('claude -p --continue /context')
    })
    const counted = requests.filter(({ path }) => path.startsWith('/v1/messages/count_tokens'))
    expect(counted.length).toBeGreaterThan(0)
    const ofThem = records.filter(({ endpoint }) => endpoint === '/v1/messages/count_tokens')
    expect(ofThem).toHaveLength(counted.length)
    expect(new Set(records.map(({ dialog_id }) => dialog_id)).size).toBe(1)
  })

  test('sends an image that it reads', async () => {
    const { run, project } = folder()
    writeFileSync(join(project, 'pixel.png'), Buffer.from(PIXEL, 'base64'))
    const script = `claude -p 'Read \`${join(project, 'pixel.png')}\`' --allowedTools Read`
    const { requests, records } = await gateway.exchangesOf(() => run(script))
    expect(requests.at(-1)?.body).toMatch(/"type":"image","source":\{[^}]*"type":"base64"/)
    const logged = JSON.stringify(records.at(-1)?.request)
    expect(logged).toContain('sha256')
    expect(logged).not.toContain(PIXEL)
  })

  test('is interrupted', () => expectAbort(gateway, folder(), `claude -p 'Say hello'`))
})
