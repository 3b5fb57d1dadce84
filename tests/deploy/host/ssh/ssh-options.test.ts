import { writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { readKnownHosts, resolveSshOptions, userKnownHostsFile } from '../../../../deploy/host/ssh/ssh-options.ts'
import { testWith } from '../../../helpers/needs.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const CONFIG = `
Host alias
  HostName server.example.com
  Port 2222
  User deployer
  IdentityFile ~/.ssh/one
  IdentityFile "/keys/two"
  UserKnownHostsFile ~/.ssh/mine /etc/theirs
  GlobalKnownHostsFile /etc/all
  StrictHostKeyChecking accept-new
  HostKeyAlias the-name
  IdentitiesOnly yes
  ConnectTimeout 7
Host own-agent
  IdentityAgent /run/agent.sock
Host no-agent
  IdentityAgent none
Host strict
  StrictHostKeyChecking yes
Host lax
  StrictHostKeyChecking no
Host piped
  HostName piped.example.com
  User me
  ProxyCommand echo %h %p %r 100%% %h
`

function resolve(host: string, more: { identityFile?: string; agentSocket?: string } = {}) {
  const folder = tempFolder({ config: CONFIG })
  return resolveSshOptions({ host, configFile: join(folder, 'config'), ...more })
}

testWith('ssh')('an alias gives everything that the configuration has for it', async () => {
  expect(await resolve('alias', { agentSocket: '/run/me.sock' })).toEqual({
    hostname: 'server.example.com',
    port: 2222,
    user: 'deployer',
    identityFiles: [join(homedir(), '.ssh/one'), '/keys/two'],
    agent: '/run/me.sock',
    identitiesOnly: true,
    hostKeyAlias: 'the-name',
    knownHostsFiles: [join(homedir(), '.ssh/mine'), '/etc/theirs', '/etc/all'],
    strictHostKeyChecking: 'accept-new',
    connectTimeoutMs: 7000,
    openProxy: null,
  })
})

testWith('ssh')('a host that no configuration names gets OpenSSH’s defaults', async () => {
  const options = await resolve('me@192.0.2.1')
  expect(options).toMatchObject({
    hostname: '192.0.2.1',
    port: 22,
    user: 'me',
    agent: null,
    identitiesOnly: false,
    hostKeyAlias: null,
    strictHostKeyChecking: 'ask',
    connectTimeoutMs: 15_000,
    openProxy: null,
  })
  expect(options.identityFiles).toContain(join(homedir(), '.ssh/id_ed25519'))
  expect(options.knownHostsFiles.slice(0, 1)).toEqual([join(homedir(), '.ssh/known_hosts')])
  expect(await resolve('ssh://you@192.0.2.1:2200')).toMatchObject({ hostname: '192.0.2.1', port: 2200, user: 'you' })
})

testWith('ssh')('--identity is the only key that is tried', async () => {
  const identityFile = join(tempFolder({ mine: '' }), 'mine')
  expect(await resolve('own-agent', { identityFile })).toMatchObject({
    identityFiles: [identityFile],
    identitiesOnly: true,
  })
})

testWith('ssh')('the agent is the configured one, else that of the environment', async () => {
  expect((await resolve('own-agent', { agentSocket: '/run/me.sock' })).agent).toBe('/run/agent.sock')
  expect((await resolve('no-agent', { agentSocket: '/run/me.sock' })).agent).toBeNull()
  expect((await resolve('other', { agentSocket: '/run/me.sock' })).agent).toBe('/run/me.sock')
})

testWith('ssh')('how strictly host keys are checked has one name each', async () => {
  expect((await resolve('strict')).strictHostKeyChecking).toBe('yes')
  expect((await resolve('lax')).strictHostKeyChecking).toBe('no')
})

testWith('ssh')('a ProxyCommand is run with its tokens filled in', async () => {
  const { openProxy } = await resolve('piped')
  const proxy = openProxy?.()
  expect(proxy && (await text(proxy))).toBe('piped.example.com 22 me 100% piped.example.com\n')
})

testWith('ssh')('what OpenSSH does not accept is said in its own words', async () => {
  const folder = tempFolder({ config: 'Nonsense yes\n' })
  await expect(resolveSshOptions({ host: 'a', configFile: join(folder, 'config') })).rejects.toMatchObject({
    code: 'USAGE',
    exitCode: 2,
    message: expect.stringMatching(/^ssh does not accept the host "a": .*Bad configuration option: nonsense/s),
  })
  await expect(resolveSshOptions({ host: 'a b', configFile: '/dev/null' })).rejects.toMatchObject({ code: 'USAGE' })
  await expect(resolveSshOptions({ host: '-oProxyCommand=id', configFile: '/dev/null' })).rejects.toMatchObject({
    code: 'USAGE',
  })
})

testWith('ssh')('known_hosts files that do not exist are empty, and new keys go to the first', async () => {
  const folder = tempFolder()
  writeFileSync(join(folder, 'b'), 'two')
  expect(await readKnownHosts([join(folder, 'a'), join(folder, 'b')])).toBe('\ntwo')
  const options = await resolve('alias')
  expect(userKnownHostsFile(options)).toBe(join(homedir(), '.ssh/mine'))
  expect(userKnownHostsFile({ ...options, knownHostsFiles: [] })).toBe(join(homedir(), '.ssh/known_hosts'))
})
