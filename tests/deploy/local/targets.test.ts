import { expect, test } from 'vitest'
import { flagsByTarget } from '../../../deploy/local/targets.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const FLAGS = { dotenv: true }
const FILE = `hosts:
  one: { domain: a.example.com, env: { WATCH_S: 60, ACME_STAGING: true } }
  root@203.0.113.7: { path: /srv/gateway }
  three:
`

test('without a file there is the server that is named, or none', async () => {
  const cwd = tempFolder()
  expect(await flagsByTarget(FLAGS, {}, cwd)).toEqual([FLAGS])
  expect(await flagsByTarget(FLAGS, { DEPLOY_HOST: 'a' }, cwd)).toEqual([{ ...FLAGS, host: 'a' }])
  expect(
    (await flagsByTarget({ ...FLAGS, host: 'b, c,b' }, { DEPLOY_HOST: 'a' }, cwd)).map(({ host }) => host),
  ).toEqual(['b', 'c'])
})

test('deploy.yml names servers, and says what differs; flags win', async () => {
  const cwd = tempFolder({ 'deploy.yml': FILE })
  expect(await flagsByTarget(FLAGS, {}, cwd)).toEqual([
    { ...FLAGS, host: 'one', domain: 'a.example.com', settings: { WATCH_S: '60', ACME_STAGING: 'true' } },
    { ...FLAGS, host: 'root@203.0.113.7', path: '/srv/gateway', settings: {} },
    { ...FLAGS, host: 'three', settings: {} },
  ])
  const given = { ...FLAGS, host: 'one,other', domain: 'mine.example.com' }
  expect(await flagsByTarget(given, {}, cwd)).toMatchObject([
    { host: 'one', domain: 'mine.example.com', settings: { WATCH_S: '60' } },
    { host: 'other', domain: 'mine.example.com' },
  ])
})

test.each([
  ['hosts: [a]', /deploy\.yml: hosts must be object/],
  ['hosts: { a: { name: x } }', /hosts\.a must NOT have additional properties: name/],
  ['hosts: {', /deploy\.yml: /],
  ['hosts: { a: { env: { API_KEYS: sk-secret-value } } }', /hosts\.a\.env has API_KEYS, which is a secret$/],
  ['hosts: { a: { env: { WATCH_S: long } } }', /hosts\.a\.env: WATCH_S: found "long"/],
  ['hosts: { a: { env: { NONSENSE: 1 } } }', /NONSENSE is not a variable/],
])('%s is refused', async (text, message) => {
  const cwd = tempFolder({ 'deploy.yml': text })
  await expect(flagsByTarget(FLAGS, {}, cwd)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(message),
  })
})
