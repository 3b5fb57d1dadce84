import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeTarget, readCopySettings } from '../../../kit/backup-copy/copy-settings.ts'

const S3 = {
  BACKUP_TO: 's3://bucket/some/prefix/',
  BACKUP_S3_REGION: 'eu-central-1',
  BACKUP_S3_ACCESS_KEY_ID: 'id',
  BACKUP_S3_SECRET_ACCESS_KEY: 'a secret',
  BACKUP_PLAINTEXT: 'true',
}
const SSH = { BACKUP_SSH_KEY: '/root/.ssh/backup', BACKUP_PLAINTEXT: 'true' }

let recipient = ''
beforeAll(async () => {
  recipient = await identityToRecipient(await generateX25519Identity())
})

test('without BACKUP_TO there is nothing to do', async () => {
  expect(await readCopySettings({ BACKUP_AGE_RECIPIENT: 'nonsense' })).toBeUndefined()
})

test('a bucket has a prefix, keys and perhaps an endpoint', async () => {
  const settings = await readCopySettings({ ...S3, BACKUP_S3_ENDPOINT: 'https://minio.example.com' })
  expect(settings).toEqual({
    recipients: [],
    target: {
      kind: 's3',
      prefix: 'some/prefix',
      store: {
        bucket: 'bucket',
        region: 'eu-central-1',
        endpoint: 'https://minio.example.com',
        accessKeyId: 'id',
        secretAccessKey: 'a secret',
      },
    },
  })
  expect(settings && describeTarget(settings.target)).toBe('s3://bucket/some/prefix')
})

test.each([
  ['backup.example.com:backups', 'root', 22, 'backups', 'root@backup.example.com:backups'],
  ['me@backup.example.com:/srv/b/', 'me', 22, '/srv/b', 'me@backup.example.com:/srv/b'],
  ['ssh://me@192.0.2.7:2222/srv/b', 'me', 2222, '/srv/b', 'ssh://me@192.0.2.7:2222/srv/b'],
  ['ssh://192.0.2.7/b', 'root', 22, '/b', 'root@192.0.2.7:/b'],
])('%s is a folder of another machine', async (to, user, port, folder, shown) => {
  const settings = await readCopySettings({ ...SSH, BACKUP_TO: to })
  expect(settings?.target).toMatchObject({ kind: 'ssh', user, port, folder, keyFile: '/root/.ssh/backup', hostKey: '' })
  expect(settings && describeTarget(settings.target)).toBe(shown)
})

test('several recipients may be named', async () => {
  const settings = await readCopySettings({
    ...S3,
    BACKUP_PLAINTEXT: '',
    BACKUP_AGE_RECIPIENT: `${recipient}, ${recipient}`,
  })
  expect(settings?.recipients).toEqual([recipient, recipient])
})

describe('settings that are not complete are refused', () => {
  const refusal = async (environment: Record<string, string>) => {
    const error: unknown = await readCopySettings(environment).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    expect(JSON.stringify(error) + String(error)).not.toContain('a secret')
    return String(error)
  }

  test('with neither a recipient nor the permission to copy in clear', async () => {
    expect(await refusal({ ...S3, BACKUP_PLAINTEXT: 'false' })).toContain(
      'not for whom copies of backups are encrypted',
    )
  })

  test('with a recipient that is none, or is a private key, which is not shown', async () => {
    const secret = 'AGE-SECRET-KEY-1QQQ'
    for (const wrong of [secret, `${recipient}q`, 'ssh-ed25519']) {
      const message = await refusal({ ...S3, BACKUP_AGE_RECIPIENT: wrong })
      expect(message).toContain('is not a public key of age')
      expect(message).not.toContain(wrong)
    }
  })

  test('with an address that is none', async () => {
    for (const to of ['/srv/backups', 'host:', 's3://', 'ssh://host', 'https://example.com/x']) {
      expect(await refusal({ ...S3, ...SSH, BACKUP_TO: to })).toContain('is not an address for copies')
    }
  })

  test('with missing keys', async () => {
    expect(await refusal({ ...S3, BACKUP_S3_REGION: '', BACKUP_S3_SECRET_ACCESS_KEY: '' })).toContain(
      'BACKUP_TO needs BACKUP_S3_REGION, BACKUP_S3_SECRET_ACCESS_KEY too',
    )
    expect(await refusal({ BACKUP_TO: 'host:b', BACKUP_PLAINTEXT: 'true' })).toContain('BACKUP_TO needs BACKUP_SSH_KEY')
  })
})
