import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../../deploy/host/host.ts'
import { type ConnectQuestions, connect } from '../../../deploy/server/connect.ts'
import { output, testAsRoot, testWhere } from '../../helpers/process/programs.ts'
import { ROOT_SSHD_MISSING, type SshServer, startSshServer } from '../../helpers/server/sshd.ts'
import { sharedTempFolder } from '../../helpers/temp-folder.ts'

const nobodyAsked: ConnectQuestions = {
  acceptHostKey: async () => false,
  passphrase: async () => null,
  sudoPassword: async () => null,
}

testAsRoot('localhost is reached without SSH, by each of its names', async () => {
  for (const name of ['localhost', '127.0.0.1', '::1']) {
    const connection = await connect({ host: name }, nobodyAsked)
    expect(connection).toMatchObject({ user: 'root', home: process.env['HOME'], serverAddress: null })
    expect(connection.host).toMatchObject({ name: 'localhost', address: null })
    expect(await run(connection.host, 'say who we are', ['id', '-u'])).toBe('0\n')
  }
})

testWhere('needs a user without rights', process.getuid?.() !== 0 && !maySudo())(
  'a user that cannot become root is refused',
  async () => {
    await expect(connect({ host: 'localhost' }, nobodyAsked)).rejects.toMatchObject({
      code: 'SUDO_MISSING',
      exitCode: 12,
    })
  },
)

function maySudo(): boolean {
  try {
    return output('sudo', '-n', 'id', '-u') === '0\n'
  } catch {
    return false
  }
}

describe.skipIf(ROOT_SSHD_MISSING !== '')(`through a real sshd, as root${ROOT_SSHD_MISSING}`, () => {
  const folder = sharedTempFolder()
  let server: SshServer

  beforeAll(async () => {
    server = await startSshServer(folder)
  })
  afterAll(() => server?.close())

  test('we learn who we are there, and the address of the server’s end', async () => {
    const target = { host: 'server', sshConfig: server.sshConfig, hostKey: server.hostKey.fingerprint }
    const connection = await connect(target, nobodyAsked)
    onTestFinished(() => connection.host.close())
    expect(connection).toMatchObject({ user: 'root', serverAddress: '127.0.0.1' })
    expect(connection.host.counts).toEqual({ connections: 1, channels: 2 })
  })
})
