import { expect, onTestFinished, test } from 'vitest'
import { run } from '../../../deploy/host/host.ts'
import { type ConnectQuestions, connect } from '../../../deploy/server/connect.ts'
import { isRoot, needing, testAsRoot } from '../../helpers/needs.ts'
import { output } from '../../helpers/process/programs.ts'
import { runCli } from '../../helpers/process/run-ai-deploy.ts'
import { describeWithSshServer } from '../../helpers/server/sshd.ts'

const nobodyAsked: ConnectQuestions = {
  canAsk: false,
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

const NOBODY = 65534
/** A user that cannot become root, if there is one to run as. */
const USER_WITHOUT_RIGHTS = userWithoutRights()

needing('a user without rights', USER_WITHOUT_RIGHTS !== undefined)(
  'a user that cannot become root is refused',
  async () => {
    const uid = isRoot ? USER_WITHOUT_RIGHTS : undefined
    const { exitCode, stderr } = await runCli(['--host', 'localhost', '--list-backups'], { cwd: '/', uid })
    expect(exitCode, stderr).toBe(12)
    expect(stderr).toMatch(
      /^✖ The user \S+ cannot become root on localhost: sudo .*\n.*\(SUDO_MISSING, exit code 12\)\n$/,
    )
  },
)

function userWithoutRights(): number | undefined {
  if (isRoot) return NOBODY
  return maySudo() ? undefined : process.getuid?.()
}

function maySudo(): boolean {
  try {
    return output('sudo', '-n', 'id', '-u') === '0\n'
  } catch {
    return false
  }
}

describeWithSshServer('through a real sshd, as root', (server) => {
  test('we learn who we are there, and the address of the server’s end', async () => {
    const { sshConfig, hostKey } = server()
    const target = { host: 'server', sshConfig, hostKey: hostKey.fingerprint }
    const connection = await connect(target, nobodyAsked)
    onTestFinished(() => connection.host.close())
    expect(connection).toMatchObject({ user: 'root', serverAddress: '127.0.0.1' })
    expect(connection.host.counts).toEqual({ connections: 1, channels: 2 })
  })
})
