import { expect, test } from 'vitest'
import { checkedCopyWishes } from '../../../../deploy/plan/backup/copy-wishes.ts'

const SSH = { BACKUP_SSH_KEY: '/root/.ssh/key' }

test('a deploy refuses a place for bundles that the routine could not copy to', async () => {
  const refusal = (environment: Record<string, string>) =>
    checkedCopyWishes(environment).catch((error: unknown) => error)
  const message = expect.stringMatching(/^LOGDB_AUTO_TO needs BACKUP_SSH_KEY too$/)
  expect(await refusal({ LOGDB_AUTO_TO: 'me@there:logs' })).toMatchObject({ code: 'CONFIG_INVALID', message })
  expect(await refusal({ LOGDB_AUTO_TO: 's3://bucket' })).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('LOGDB_AUTO_TO needs BACKUP_S3_REGION'),
  })
  expect(await refusal({ LOGDB_AUTO_TO: 'there:', ...SSH })).toMatchObject({ code: 'CONFIG_INVALID' })
})

test('folders of the server, other machines with a key, and nothing at all are fine', async () => {
  for (const to of ['', ' ', '/mnt/copies', 'copies', './a:b', 'me@there:logs', 'ssh://there:22/logs', '[::1]:logs']) {
    expect(await checkedCopyWishes({ LOGDB_AUTO_TO: to, ...SSH })).toBe(undefined)
  }
})
