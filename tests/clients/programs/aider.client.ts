import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { clientFolder } from '../../helpers/clients/client-folder.ts'
import { blockOf } from '../../helpers/clients/docs-page.ts'
import { type ClientGateway, startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromPyPi } from '../../helpers/clients/packages.ts'
import { expectAbort, PIXEL } from '../../helpers/clients/turns.ts'

const aider = fromPyPi('aider-chat==0.86.2')

describeInstalled(aider)('aider', () => {
  let gateway: ClientGateway
  beforeAll(async () => {
    gateway = await startForClients()
  })

  /** With the settings of the page. */
  const folder = () =>
    clientFolder(aider.program('aider'), { '.aider.conf.yml': blockOf(gateway.blocks, 'aider', 'yaml') })
  const using = (more: string) => `aider --no-git --no-check-update --yes-always ${more}`

  test('answers with the command of the page', async () => {
    const { run } = clientFolder(aider.program('aider'))
    const script = blockOf(gateway.blocks, 'aider', 'sh')
    const { result, records } = await gateway.exchangesOf(() => run(`${script.trim()} --no-git --no-check-update`))
    expect(result).toContain(gateway.words)
    expect(records).toMatchObject([
      { endpoint: '/v1/chat/completions', model_original: 'gpt-5', outcome: 'ok', api_key_name: 'app', stream: true },
    ])
  })

  test('continues a session with the settings of the page', async () => {
    const { run } = folder()
    const { requests } = await gateway.exchangesOf(async () => {
      await run(using(`--message 'My favourite number is 4711'`))
      await run(using(`--restore-chat-history --message 'What is it?'`))
    })
    expect(requests.at(-1)?.body).toContain('4711')
    expect(requests.at(-1)?.body).toContain('What is it?')
  })

  test('summarises a history that is too long with its smaller model, and continues with the summary', async () => {
    const { run } = folder()
    const { requests, records } = await gateway.exchangesOf(async () => {
      await run(using(`--message 'My favourite number is 4711'`))
      await run(using(`--restore-chat-history --max-chat-history-tokens 1 --message 'Are you still there?'`))
    })
    const [, summary, last] = requests.map(({ body }) => body)
    expect(summary).toContain('4711')
    expect(last).toContain('Are you still there?')
    expect(last).not.toContain('4711')
    expect(last).toContain(gateway.words)
    expect(records.map(({ model_original, outcome }) => `${model_original} ${outcome}`)).toEqual([
      'gpt-5 ok',
      'gpt-5-nano ok',
      'gpt-5 ok',
    ])
  })

  test('forgets what was said with /clear', async () => {
    const { run } = folder()
    const lines = ['My favourite number is 4711', 'And yours?', '/clear', 'Are you still there?', '/exit']
    const typed = lines.map((line) => `'${line}'`).join(' ')
    const { requests } = await gateway.exchangesOf(() => run(`printf '%s\\n' ${typed} | ${using('')}`))
    expect(requests.map(({ body }) => body.includes('4711'))).toEqual([true, true, false])
    expect(requests[2]?.body).toContain('Are you still there?')
  })

  test('sends an image', async () => {
    const { run, project } = folder()
    writeFileSync(join(project, 'pixel.png'), Buffer.from(PIXEL, 'base64'))
    const { requests, records } = await gateway.exchangesOf(() =>
      run(using(`--file pixel.png --message 'What is this?'`)),
    )
    expect(requests[0]?.body).toContain(`data:image/png;base64,${PIXEL}`)
    expect(JSON.stringify(records[0]?.request)).toContain('data:image/png;sha256=')
  })

  test('is interrupted', () => expectAbort(gateway, folder(), using(`--message 'Say hello'`)))
})
