import { beforeAll, expect, test } from 'vitest'
import { clientFolder } from '../../helpers/clients/client-folder.ts'
import { blockOf } from '../../helpers/clients/docs-page.ts'
import { type ClientGateway, startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromPyPi } from '../../helpers/clients/packages.ts'
import { expectAbort } from '../../helpers/clients/turns.ts'

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

  test('is interrupted', () => expectAbort(gateway, folder(), using(`--message 'Say hello'`)))
})
