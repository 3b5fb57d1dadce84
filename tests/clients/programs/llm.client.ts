import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { clientFolder } from '../../helpers/clients/client-folder.ts'
import { blockOf } from '../../helpers/clients/docs-page.ts'
import { type ClientGateway, startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromPyPi } from '../../helpers/clients/packages.ts'
import { expectAbort, PIXEL } from '../../helpers/clients/turns.ts'

const llm = fromPyPi('llm==0.36')
const TOOLS = `import subprocess

def shell(command: str) -> str:
    return subprocess.check_output(command, shell=True, text=True)
`

describeInstalled(llm)('llm', () => {
  let gateway: ClientGateway
  beforeAll(async () => {
    gateway = await startForClients()
  })

  /** With the settings of the page, in the folder that the page names. */
  const folder = async () => {
    const client = clientFolder(llm.program('llm'))
    const settings = (await client.run('d=$(dirname "$(llm logs path)"); mkdir -p "$d"; echo "$d"')).trim()
    writeFileSync(join(settings, 'extra-openai-models.yaml'), blockOf(gateway.blocks, 'llm', 'yaml'))
    return client
  }
  const command = () => blockOf(gateway.blocks, 'llm', 'sh')

  test('answers with the settings and the commands of the page, and continues', async () => {
    const { run } = await folder()
    const { result, requests, records } = await gateway.exchangesOf(async () => [
      await run(command()),
      await run(`llm --continue 'And again'`),
    ])
    expect(result).toEqual([`${gateway.words}\n`, `${gateway.words}\n`])
    expect(JSON.parse(requests[1]?.body ?? '').messages).toHaveLength(3)
    const record = { endpoint: '/v1/chat/completions', model_original: 'gpt-5', outcome: 'ok', api_key_name: 'app' }
    expect(records).toMatchObject([record, record])
  })

  test('calls a tool and sends back its result, and sends an image', async () => {
    const { run, project } = await folder()
    writeFileSync(join(project, 'tools.py'), TOOLS)
    writeFileSync(join(project, 'pixel.png'), Buffer.from(PIXEL, 'base64'))
    const { requests, records } = await gateway.exchangesOf(async () => {
      await run(command())
      await run(`llm -m gateway --functions tools.py 'Run \`printf %s-%s six seven\`'`)
      await run(`llm -m gateway -a pixel.png 'What is this?'`)
    })
    expect(requests[2]?.body).toContain('six-seven')
    expect(requests[3]?.body).toContain(PIXEL)
    expect(records.map(({ finish_reason }) => finish_reason)).toEqual(['stop', 'tool_calls', 'stop', 'stop'])
    expect(JSON.stringify(records[3]?.request)).toContain('data:image/png;sha256=')
  })

  test('is interrupted', async () => {
    const client = await folder()
    await client.run(`llm keys set gateway --value ${gateway.key}`)
    await expectAbort(gateway, client, `llm -m gateway 'Say hello'`)
  })
})
