import { expect, test } from 'vitest'
import { chat, startGateway, type TestGateway } from '../../helpers/gateway/gateway.ts'

const SESSION = '3f0c6f0e-2a53-4f7e-9a0e-0d6c7a1b2c3d'
const LEGACY = `user_${'ab'.repeat(32)}_account_11111111-2222-3333-4444-555555555555_session_${SESSION}`
const CURRENT = JSON.stringify({ device_id: 'd', account_uuid: 'a', session_id: SESSION })

async function dialogOf(gateway: TestGateway, body: object, headers: Record<string, string> = {}) {
  await gateway.post(body, headers)
  const [record] = (await gateway.records(1)).slice(-1)
  return [record?.dialog_id, record?.dialog_source]
}

test.for([
  ['X-Dialog-Id', 'x-dialog-id'],
  ['X-Claude-Code-Session-Id', 'x-claude-code-session-id'],
  ['session-id', 'session-id'],
  ['session_id', 'session_id'],
  ['x-opencode-session', 'x-opencode-session'],
  ['x-session-affinity', 'x-session-affinity'],
] as const)('the header %s names the dialog', async ([header, source]) => {
  const gateway = await startGateway()
  expect(await dialogOf(gateway, chat('echo'), { [header]: SESSION })).toEqual([SESSION, source])
})

test.for([
  ['in its present form', CURRENT],
  ['in its earlier form', LEGACY],
] as const)('the session of Claude Code in metadata.user_id %s names the dialog', async ([, user_id]) => {
  const gateway = await startGateway()
  expect(await dialogOf(gateway, chat('echo', { metadata: { user_id } }))).toEqual([SESSION, 'metadata.user_id'])
})

test('X-Dialog-Id goes before the session of an agent, and a header before the body', async () => {
  const gateway = await startGateway()
  const headers = { 'session-id': 'codex', 'x-dialog-id': 'mine' }
  expect(await dialogOf(gateway, chat('echo', { metadata: { user_id: LEGACY } }), headers)).toEqual([
    'mine',
    'x-dialog-id',
  ])
})

test.for([
  ['an empty header', {}, { 'x-dialog-id': '' }],
  ['a prompt_cache_key', { prompt_cache_key: 'cache' }, {}],
  ['another user_id', { metadata: { user_id: 'user-17' } }, {}],
  ['a user_id that is JSON without a session', { metadata: { user_id: '{"device_id":"d"}' } }, {}],
  ['a user_id that only begins like JSON', { metadata: { user_id: '{' } }, {}],
  ['a user_id that is not a text', { metadata: { user_id: 17 } }, {}],
  ['metadata that is not an object', { metadata: null }, {}],
] as const)('%s names no dialog', async ([, members, headers]) => {
  const gateway = await startGateway()
  expect(await dialogOf(gateway, chat('echo', members), headers)).toEqual([undefined, undefined])
})
