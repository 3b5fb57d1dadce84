import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chat, completion, jsonl, record, timestampAt } from './logs.ts'
import { type Workspace, workspace } from './workspace.ts'

const HISTORY = [
  { role: 'user', content: 'shared question' },
  { role: 'assistant', content: 'shared answer' },
]

/** Two days; the secrets are in the last message of one request, in its answer and in texts outside its conversation. */
export async function spaceWithSecrets(space = workspace()): Promise<Workspace> {
  const tools = { role: 'assistant', content: 'zanzibar choice' }
  space.write(
    'requests-x.jsonl',
    jsonl([
      record({
        timestamp: timestampAt(0),
        x_request_id: 'a',
        request: chat('shared question'),
        response: completion('shared answer'),
      }),
      record({
        timestamp: timestampAt(1),
        x_request_id: 'b',
        request: { ...chat('zanzibar question 桑给巴尔岛', HISTORY), system: 'zanzibar system', user: 'zanzibar' },
        response: { choices: [completion('zanzibar answer').choices[0], { index: 1, message: tools }] },
        api_key_name: 'laptop',
        dialog_id: 'd1',
      }),
      record({ timestamp: timestampAt(2), x_request_id: 'c', request: chat('last', HISTORY), dialog_id: 'd1' }),
      record({
        timestamp: timestampAt(0, '2025-09-11T10:00:00Z'),
        x_request_id: 'd',
        api_key_hash: 'fedcba9876543210',
      }),
    ]),
  )
  await space.ingest()
  return space
}

export const SECRETS = ['zanzibar', '桑给巴尔岛', '给巴']

/** The secrets that bytes of the databases hold; the text index stores words without the part that they share. */
export function secretsIn({ db, partitions }: Workspace): string[] {
  const files = [...partitions(), join(db, 'control.sqlite3')].map((path) => readFileSync(path))
  return SECRETS.filter((secret) => files.some((bytes) => bytes.includes(secret)))
}
