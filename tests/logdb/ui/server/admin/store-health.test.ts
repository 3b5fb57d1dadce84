import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { storeHealth } from '../../../../../logdb/ui/server/admin/store-health.ts'
import { jsonl, record } from '../../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../../../helpers/logdb/workspace.ts'

sqliteTest('the health of a store has its days, what is unread and unreadable, and its last copies', async () => {
  const { folder, write, ingest, db } = workspace()
  const records = [record(), record({ x_request_id: 'later', timestamp: '2025-09-12T00:00:00Z' })]
  const path = write('requests-x.jsonl', `${jsonl(records)}{"v":1,"timestamp":"broken"}\n`)
  await ingest()
  const line = jsonl([record({ x_request_id: 'unread' })])
  appendFileSync(path, line)
  const kept = ['bundles/old.tgz', 'bundles/2025-09-12-to-last.tgz', 'backups/ai-proxy-backup-20250912-000000.tar.gz']
  for (const name of ['bundles', 'backups']) mkdirSync(join(folder, name))
  for (const name of [...kept, 'bundles/new.tgz.part']) writeFileSync(join(folder, name), name)
  const { errors, ...health } = await storeHealth({ out: db })
  expect(health).toEqual({
    partitions: 2,
    firstDay: '2025-09-10',
    lastDay: '2025-09-12',
    bytes: expect.any(Number),
    unreadBytes: line.length,
    quarantined: 1,
    lastBundle: { name: expect.stringMatching(/\.tgz$/), bytes: expect.any(Number), madeMs: expect.any(Number) },
    lastBackup: { name: 'ai-proxy-backup-20250912-000000.tar.gz', bytes: 46, madeMs: expect.any(Number) },
  })
  expect(errors).toMatchObject([{ path, head: expect.stringContaining('broken'), reason: expect.any(String) }])
})

sqliteTest('a store that is empty, without logs, has a health too', async () => {
  const { folder } = workspace()
  expect(await storeHealth({ out: join(folder, 'nowhere', 'db') })).toMatchObject({
    partitions: 0,
    firstDay: undefined,
    unreadBytes: undefined,
    quarantined: 0,
    lastBundle: undefined,
  })
})
