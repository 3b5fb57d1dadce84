import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { OpenSshHost } from '../../../../deploy/host/openssh/openssh-host.ts'
import { sh } from '../../../../deploy/remote/sh.ts'
import { describeNeeding } from '../../../helpers/needs.ts'
import { output } from '../../../helpers/process/programs.ts'
import { describeHost } from '../../../helpers/server/host-behaviour.ts'
import { makeKey, SSHD, type Sshd, startSshd } from '../../../helpers/server/sshd.ts'
import { sharedTempFolder } from '../../../helpers/temp-folder.ts'

describeNeeding('sshd', SSHD !== null)('OpenSshHost, with a real sshd', () => {
  const folder = sharedTempFolder()
  let sshd: Sshd
  let key: string

  beforeAll(async () => {
    key = makeKey(folder, 'key')
    sshd = await startSshd(folder, `TrustedUserCAKeys ${makeKey(folder, 'authority')}.pub`)
    sshd.authorize(`${key}.pub`)
  })
  afterAll(() => sshd?.close())

  function open(identityFile = key) {
    const home = mkdtempSync(join(folder, 'home-'))
    const { port, user, hostKey } = sshd
    writeFileSync(join(home, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey.type} ${hostKey.base64}\n`)
    const config = `Host server\nHostName 127.0.0.1\nPort ${port}\nUser ${user}\nUserKnownHostsFile ${home}/known_hosts\n`
    writeFileSync(join(home, 'config'), config)
    const target = { program: 'ssh', host: 'server', configFile: join(home, 'config'), identityFile, canAsk: false }
    return OpenSshHost.open(target, '127.0.0.1')
  }

  describeHost(open)

  test('a key with a certificate gets in', async () => {
    const certified = makeKey(mkdtempSync(join(folder, 'keys-')), 'certified')
    output('ssh-keygen', '-q', '-s', join(folder, 'authority'), '-I', 'me', '-n', sshd.user, `${certified}.pub`)
    const host = await open(certified)
    onTestFinished(() => host.close())
    expect((await host.exec(['echo', 'in'])).stdout).toBe('in\n')
  })

  test('a key that the server does not accept is said with OpenSSH’s own words', async () => {
    const stranger = makeKey(mkdtempSync(join(folder, 'keys-')), 'stranger')
    await expect(open(stranger)).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      message: expect.stringContaining('Permission denied'),
      hint: 'this must work: ssh server true',
    })
  })

  test('a lost connection ends a running command with SSH_UNREACHABLE', async () => {
    const host = await open()
    onTestFinished(() => host.close())
    const running = host.exec(sh('echo started; sleep 60'), { onLine: () => sshd.killConnections() })
    await expect(running).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' })
    expect(await host.exec(['true']).catch(({ code }) => code)).toBe('SSH_UNREACHABLE')
  })
})
