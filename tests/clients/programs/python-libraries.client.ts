import { beforeAll, expect, test } from 'vitest'
import { clientFolder } from '../../helpers/clients/client-folder.ts'
import { type ClientGateway, startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromPyPi } from '../../helpers/clients/packages.ts'
import { expectAbort, PIXEL } from '../../helpers/clients/turns.ts'

const packages = fromPyPi('openai==3.57.0', 'anthropic==2.14.0', 'langchain-openai==1.7.4')

const SHELL = `{"type": "object", "properties": {"command": {"type": "string"}}}`

/** Each prints one line for each request. */
const OPENAI = `
import io
from openai import OpenAI
client = OpenAI()
asked = [{"role": "user", "content": "Run \`uname\`"}]
tools = [{"type": "function", "function": {"name": "shell", "parameters": ${SHELL}}}]
called = client.chat.completions.create(model="gpt-5", messages=asked, tools=tools).choices[0].message
result = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "six-seven"}
print(called.tool_calls[0].function.arguments)
print(client.chat.completions.create(model="gpt-5", messages=[*asked, called, result], tools=tools).choices[0].message.content)
print("".join(event.delta for event in client.responses.create(model="gpt-5", input="Hi", stream=True)
    if event.type == "response.output_text.delta"))
image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,${PIXEL}"}}
seen = [{"role": "user", "content": [image]}]
print(client.chat.completions.create(model="gpt-5", messages=seen).choices[0].message.content)
print(client.audio.transcriptions.create(model="whisper-1", file=("a.wav", io.BytesIO(b"RIFF"))).text)
print(client.images.generate(model="gpt-image-1", prompt="a cat").data[0].b64_json)
`

const ANTHROPIC = `
from anthropic import Anthropic
client = Anthropic()
tools = [{"name": "shell", "input_schema": ${SHELL}}]
asked = [{"role": "user", "content": "Run \`uname\`"}]
called = client.messages.create(model="claude-sonnet", max_tokens=99, messages=asked, tools=tools)
print(called.content[0].input["command"])
result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": called.content[0].id, "content": "six-seven"}]}
messages = [*asked, {"role": "assistant", "content": called.content}, result]
print(client.messages.create(model="claude-sonnet", max_tokens=99, messages=messages, tools=tools).content[0].text)
with client.messages.stream(model="claude-sonnet", max_tokens=99, messages=[{"role": "user", "content": "Hi"}]) as stream:
    print("".join(stream.text_stream))
print(client.messages.count_tokens(model="claude-sonnet", messages=asked).input_tokens)
`

describeInstalled(packages)('the libraries for Python', () => {
  let gateway: ClientGateway
  beforeAll(async () => {
    gateway = await startForClients()
  })

  const folder = (script: string) => clientFolder(packages.program('python3'), { 'project/script.py': script })
  const withVariables = (program: string) =>
    `export OPENAI_BASE_URL=${gateway.url}/v1 OPENAI_API_KEY=${gateway.key}
    export ANTHROPIC_BASE_URL=${gateway.url} ANTHROPIC_AUTH_TOKEN=${gateway.key}; ${program}`

  test('each block of the page in Python prints the answer', async () => {
    const blocks = gateway.blocks.filter(({ language }) => language === 'python')
    expect(blocks.map(({ text }) => text.split(' ')[1])).toEqual(['langchain_openai', 'openai', 'anthropic'])
    const { run } = folder(blocks.map(({ text }) => text).join('\n'))
    const { result, records } = await gateway.exchangesOf(() => run('python3 script.py'))
    expect(result).toBe(`${gateway.words}\n`.repeat(3))
    expect(records.map(({ dialog_id }) => dialog_id)).toEqual([undefined, 'my-first-dialog', undefined])
  })

  test('openai: tools, a stream, an image, a transcription, and an image that is made', async () => {
    const { run } = folder(OPENAI)
    const { result, records } = await gateway.exchangesOf(() => run(withVariables('python3 script.py')))
    const { words } = gateway
    expect(result.trim().split('\n')).toEqual(['{"command":"uname"}', words, words, words, words, 'AAAA'])
    expect(records.map(({ endpoint, outcome }) => `${endpoint} ${outcome}`)).toEqual([
      '/v1/chat/completions ok',
      '/v1/chat/completions ok',
      '/v1/responses ok',
      '/v1/chat/completions ok',
      '/v1/audio/transcriptions ok',
      '/v1/images/generations ok',
    ])
  })

  test('anthropic: tools, a stream, and a count of tokens', async () => {
    const { run } = folder(ANTHROPIC)
    const { result, records } = await gateway.exchangesOf(() => run(withVariables('python3 script.py')))
    expect(result.trim().split('\n')).toEqual(['uname', gateway.words, gateway.words, '12'])
    expect(records.map(({ endpoint }) => endpoint).at(-1)).toBe('/v1/messages/count_tokens')
  })

  test.for([
    ['openai', 'from openai import OpenAI; OpenAI().responses.create(model="gpt-5", input="Hi")'],
    [
      'anthropic',
      `from anthropic import Anthropic
Anthropic().messages.create(model="claude-sonnet", max_tokens=9, messages=[{"role": "user", "content": "Hi"}])`,
    ],
  ] as const)('%s is interrupted', async ([, script]) => {
    await expectAbort(gateway, folder(script), withVariables('exec python3 script.py'))
  })
})
