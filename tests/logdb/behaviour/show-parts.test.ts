import { expect } from 'vitest'
import { chat, completion, jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const ANSWER = 'Use this:\n```py\nprint("\u001b[31mhi")\n```\n'
const tools = [{ type: 'function', function: { name: 'run_code', parameters: {} } }]

async function filled(): Promise<Workspace> {
  const space = workspace()
  const first = { ...chat('Write a program'), temperature: 0.5, max_tokens: 100, tools }
  space.write(
    'requests-x.jsonl',
    jsonl([
      record({ x_request_id: 'one', request: first, response: completion(ANSWER) }),
      record({ x_request_id: 'two', request: chat('And you?'), response: completion('Fine.') }),
    ]),
  )
  await space.ingest()
  return space
}

sqliteTest('show prints parameters and offered tools', async () => {
  const { run } = await filled()
  const { stdout } = await run(['show', 'one'])
  expect(stdout).toContain('params   max_tokens=100  temperature=0.5\ntools    run_code\n\nuser\n')
  expect((await run(['show', 'two'])).stdout).not.toMatch(/^(params|tools)/m)
})

sqliteTest('show --response and --code print only that, as it was said', async () => {
  const { run } = await filled()
  expect(await run(['show', 'one', '--response'])).toEqual({ exitCode: 0, stdout: ANSWER, stderr: '' })
  expect(await run(['show', 'one', '--code'])).toEqual({ exitCode: 0, stdout: 'print("\u001b[31mhi")\n', stderr: '' })
  expect(await run(['show', 'two', '--code'])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'the answer has no code block\n',
  })
  const onTerminal = await run(['show', 'one', '--code', '--no-pager'], {}, { isTTY: true })
  expect(onTerminal.stdout).toBe('print(" [31mhi")\n')
})

sqliteTest('show --raw prints the bodies as they are stored', async () => {
  const space = await filled()
  const [stored] = await space.query<{ request_json: string; response_json: string }>(
    "SELECT request_json, response_json FROM request_details WHERE x_request_id = 'one'",
  )
  expect((await space.run(['show', 'one', '--raw'])).stdout).toBe(`${stored?.request_json}\n${stored?.response_json}\n`)
  expect((await space.run(['show', 'one', '--raw', '--response'])).stdout).toBe(`${stored?.response_json}\n`)
  expect((await space.run(['show', 'one', '--raw', '--json'])).exitCode).toBe(2)
})

sqliteTest('show takes several ids, in their order, and a time zone', async () => {
  const { run } = await filled()
  expect((await run(['show', 'two', 'one', '--response'])).stdout).toBe(`Fine.\n\n${ANSWER}`)
  const { stdout } = await run(['show', 'two', 'one', '--tz', 'Asia/Tokyo'])
  expect(stdout.match(/^time .*/gm)).toEqual([
    'time     2025-09-10T21:00:00+09:00',
    'time     2025-09-10T21:00:00+09:00',
  ])
  const { result } = JSON.parse((await run(['show', 'two', 'one', '--json'])).stdout)
  expect(result.map((one: { x_request_id: string }) => one.x_request_id)).toEqual(['two', 'one'])
  expect(await run(['show', 'two', 'nobody'])).toMatchObject({ exitCode: 1, stdout: '' })
})
