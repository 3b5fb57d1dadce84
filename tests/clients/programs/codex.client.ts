import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { clientFolder } from '../../helpers/clients/client-folder.ts'
import { blockOf } from '../../helpers/clients/docs-page.ts'
import { type ClientGateway, startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromNpm } from '../../helpers/clients/packages.ts'
import { expectAbort, PIXEL } from '../../helpers/clients/turns.ts'

const codex = fromNpm('@openai/codex', '0.171.0')

describeInstalled(codex)('Codex', () => {
  let gateway: ClientGateway
  beforeAll(async () => {
    gateway = await startForClients()
  })

  /** With the settings of the page. */
  const folder = () => {
    const files = { '.codex/config.toml': blockOf(gateway.blocks, 'Codex', 'toml') }
    return clientFolder(codex.program('codex'), files)
  }
  /** For a model whose tools are plain functions. */
  const exec = (more: string) =>
    `export GATEWAY_API_KEY=${gateway.key}; codex exec --skip-git-repo-check -c 'model="gpt-5"' ${more}`

  test('answers with the settings and the commands of the page', async () => {
    const { run } = folder()
    const script = blockOf(gateway.blocks, 'Codex', 'sh')
    const { result, records } = await gateway.exchangesOf(() => run(`git init -q .\n${script}`))
    expect(result).toBe(`${gateway.words}\n`)
    expect(records).toMatchObject([
      { endpoint: '/v1/responses', outcome: 'ok', api_key_name: 'app', stream: true, dialog_source: 'session-id' },
    ])
  })

  test('calls a tool and sends back its result', async () => {
    const { run } = folder()
    const script = exec(`--dangerously-bypass-approvals-and-sandbox 'Run \`printf %s-%s six seven\`'`)
    const { result, requests, records } = await gateway.exchangesOf(() => run(script))
    expect(result).toBe(`${gateway.words}\n`)
    expect(requests.at(-1)?.body).toContain('six-seven')
    expect(records).toHaveLength(2)
  })

  test('continues a session, also after compaction, as one dialog of the log', async () => {
    const { run } = folder()
    const { requests, records } = await gateway.exchangesOf(async () => {
      await run(exec(`'My favourite number is 4711'`))
      await run(exec(`resume --last 'What is it?'`))
      // Each answer has 12 tokens.
      await run(exec(`-c model_auto_compact_token_limit=10 resume --last 'Are you still there?'`))
    })
    expect(requests.map(({ body }) => body.includes('Are you still there?'))).toEqual([false, false, false, true])
    expect(requests[1]?.body).toContain('4711')
    expect(requests[3]?.body).toContain(gateway.words)
    expect(new Set(records.map(({ dialog_id }) => dialog_id)).size).toBe(1)
  })

  test('sends an image', async () => {
    const { run, project } = folder()
    writeFileSync(join(project, 'pixel.png'), Buffer.from(PIXEL, 'base64'))
    const { requests, records } = await gateway.exchangesOf(() => run(exec(`-i pixel.png -- 'What is this?'`)))
    expect(requests[0]?.body).toContain('"type":"input_image","image_url":"data:image/png;base64,')
    expect(JSON.stringify(records[0]?.request)).toContain('data:image/png;sha256=')
  })

  test('is interrupted', () => expectAbort(gateway, folder(), exec(`'Say hello'`)))
})
