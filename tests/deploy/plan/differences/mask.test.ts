import { expect, test } from 'vitest'
import { isSecretName, maskedLines } from '../../../../deploy/plan/differences/mask.ts'

test('values of headers and queries of addresses are secret, whatever their names are', () => {
  const text = `providers:
  mine:
    base_url: "https://me:pass@llm.example.com/v1?sig=abcdef&x=1"
    headers:
      X-Auth: hunter2
      Cookie: session=abc
    timeout_s: 10
  other: { headers: { Helicone-Auth: "Bearer hel" } }`
  expect(maskedLines(text)).toEqual([
    'providers:',
    '  mine:',
    '    base_url: "https://***@llm.example.com/v1?***"',
    '    headers:',
    '      ***',
    '      ***',
    '    timeout_s: 10',
    '  other: { headers: ***',
  ])
})

test('a name tells a secret, unless the variable is known not to be one', () => {
  const secrets = ['API_KEYS', 'MINE_API_KEY', 'BACKUP_S3_SECRET_ACCESS_KEY', 'BACKUP_S3_ACCESS_KEY_ID', 'MY_TOKEN']
  const others = ['BACKUP_SSH_KEY', 'BACKUP_SSH_HOST_KEY', 'PORT', 'MINE']
  expect([...secrets, ...others].filter(isSecretName)).toEqual(secrets)
})
