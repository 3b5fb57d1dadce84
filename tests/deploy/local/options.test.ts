import { expect, test } from 'vitest'
import { type Flags, readOptions, settingsGiven } from '../../../deploy/local/options.ts'

const read = (flags: Partial<Flags>, processEnv = {}, environment = processEnv) =>
  readOptions({ dotenv: true, ...flags }, processEnv, environment, '/work')

test('without flags there are defaults', () => {
  expect(read({ host: 'server' })).toEqual({
    host: 'server',
    path: null,
    sshConfig: undefined,
    identity: undefined,
    hostKey: undefined,
    agentSocket: undefined,
    domain: null,
    service: null,
    name: null,
    isStaging: null,
    email: null,
    dropsOldDomains: false,
    freePorts: [],
    isBuiltHere: false,
    ip: null,
    resolve: {},
    caFile: null,
    ageIdentity: null,
    acmeCaServer: null,
    acmeCaCert: null,
    settings: {},
    isAdopting: false,
    isConfirmed: false,
    isDryRun: false,
    skipsBackup: false,
    isWatching: false,
    isJson: false,
    lockWaitMs: 0,
    readsDotenv: true,
    cwd: '/work',
    env: {},
  })
})

test('flags beat the environment, which may come from .env', () => {
  const processEnv = { SSH_AUTH_SOCK: '/agent', ACME_CA_SERVER: 'https://ca/dir', ACME_CA_CERT: 'ca.pem' }
  const environment = { ...processEnv, DEPLOY_HOST: 'from-env', DEPLOY_PATH: '/srv/ai-proxy' }
  expect(read({}, processEnv, environment)).toMatchObject({
    host: 'from-env',
    path: '/srv/ai-proxy',
    agentSocket: '/agent',
    acmeCaServer: 'https://ca/dir',
    acmeCaCert: 'ca.pem',
    env: environment,
  })
  expect(read({ host: 'flag', path: '/a' }, processEnv, environment)).toMatchObject({ host: 'flag', path: '/a' })
})

test('every flag arrives', () => {
  const flags: Flags = {
    host: 'h',
    path: '/p',
    sshConfig: 'c',
    identity: import.meta.filename,
    hostKey: 'k',
    domain: 'llm.example.com',
    email: 'e@x',
    ip: '2001:db8::1',
    resolve: ['a.b:192.0.2.1', 'c.d:2001:db8::1'],
    caFile: 'f',
    yes: true,
    dryRun: true,
    json: true,
    lockWait: '5m',
    dotenv: false,
  }
  const { yes, dryRun, json, lockWait: _, dotenv, ...same } = flags
  expect(read(flags)).toMatchObject({
    ...same,
    isConfirmed: yes,
    isDryRun: dryRun,
    isJson: json,
    lockWaitMs: 300_000,
    readsDotenv: dotenv,
    resolve: { 'a.b': '192.0.2.1', 'c.d': '2001:db8::1' },
  })
})

test('a domain is lower case, and a path has no slash at its end', () => {
  expect(read({ host: 'h', domain: 'LLM.Example.com', path: '/a/b/' })).toMatchObject({
    domain: 'llm.example.com',
    path: '/a/b',
  })
})

const HOST = { host: 'h' }
test.each([
  [{}, 'which server?', 'name it: ai-deploy --host user@server (or set DEPLOY_HOST)'],
  [{ ...HOST, cert: 'a.pem' }, '--cert needs its other half', 'give both: --cert FILE --key FILE'],
  [{ ...HOST, key: 'a.pem' }, '--key needs its other half', 'give both: --cert FILE --key FILE'],
  [{ ...HOST, cert: false, key: 'a.pem' }, '--key works only with --cert', 'leave one of them out'],
  [
    { ...HOST, cert: '/no/cert.pem', key: '/no/key.pem' },
    '/no/cert.pem does not exist',
    'give the paths of a certificate and its key, in PEM',
  ],
  [
    { ...HOST, freePorts: 'docker:web,nginx' },
    '--free-ports nginx is not a program',
    'name containers and services: --free-ports docker:web,systemd:nginx',
  ],
  [{ ...HOST, lockWait: 'soon' }, '--lock-wait soon is not a duration', 'give one like 90s or 5m'],
  [{ host: '' }, 'which server?', 'name it: ai-deploy --host user@server (or set DEPLOY_HOST)'],
  [{ host: '-oProxyCommand=x' }, '"-oProxyCommand=x" is not a host name', 'name it: ai-deploy --host user@server'],
  ...['ai-proxy', '~/ai-proxy', '/', '/a b', "/a'b", '/a;b', '/a\n'].map((path): [Partial<Flags>, string, string] => [
    { ...HOST, path },
    `--path ${path} is not an absolute path of plain characters`,
    'give one like /root/ai-proxy',
  ]),
  [{ ...HOST, identity: '/no/key' }, '--identity /no/key does not exist', 'give the path of a private key'],
  [
    { ...HOST, includeCerts: true },
    '--include-certs works only with --restore-backup',
    'name the backup: --restore-backup FILE',
  ],
  [{ ...HOST, email: `a'b` }, `--email a'b is not an e-mail address`, 'give one like me@example.com'],
  [{ ...HOST, ip: 'server' }, '--ip server is not an IP address', 'give the public address of the server'],
  ...['a b', '-a', 'a-', 'https://a', 'a:443', ''].map((domain): [Partial<Flags>, string, string] => [
    { ...HOST, domain },
    `--domain ${domain} is not a host name`,
    'give a name like llm.example.com',
  ]),
  ...['a.b', 'a.b:', ':192.0.2.1', 'a.b:c.d', '192.0.2.1'].map((resolve): [Partial<Flags>, string, string] => [
    { ...HOST, resolve: [resolve] },
    `--resolve ${resolve} is not NAME:ADDRESS`,
    'give it like llm.example.com:203.0.113.7',
  ]),
] satisfies [Partial<Flags>, string, string][])('%j is refused', (flags, message, hint) => {
  expect(() => read(flags)).toThrow(expect.objectContaining({ code: 'USAGE', exitCode: 2, message, hint }))
})

test('a service, a first part and a name of one’s own exclude each other where they must', () => {
  const host = 'server'
  expect(read({ host, service: 'sslip.io', name: 'LLM' })).toMatchObject({
    service: 'sslip.io',
    name: 'llm',
    domain: null,
  })
  expect(read({ host, service: 'custom', domain: 'llm.example.com' })).toMatchObject({ domain: 'llm.example.com' })
  const refused = (flags: Partial<Flags>) => expect(() => read({ host, ...flags })).toThrow()
  refused({ service: 'custom' })
  refused({ service: 'ngrok' })
  refused({ service: 'nip' })
  refused({ service: 'sslip.io', domain: 'a.b' })
  refused({ name: 'a', domain: 'a.b' })
  refused({ service: 'custom', domain: 'a.b', name: 'a' })
  refused({ name: 'a.b' })
})

test('the staging CA is written to .env only if it is wished or not wished', () => {
  expect(settingsGiven(read({ host: 'h' }))).toEqual({})
  expect(settingsGiven(read({ host: 'h', staging: true }))).toEqual({ ACME_STAGING: 'true' })
  expect(settingsGiven(read({ host: 'h', staging: false }))).toEqual({ ACME_STAGING: 'false' })
})
