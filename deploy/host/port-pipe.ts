import { once } from 'node:events'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { deployError } from '../errors.ts'
import type { Argv } from './argv.ts'

export const LOOPBACK = '127.0.0.1'

/** Connects stdin and stdout with a port; a line without text comes first. */
export function pipeToPort(port: number, address: string): Argv {
  const script = `exec 4<&0; exec 3<>/dev/tcp/$2/$1 || exit 1; echo; cat <&4 >&3 & cat <&3; kill $!`
  return ['bash', '-c', script, 'bash', String(port), address]
}

const NO_SUCH_PROGRAM = 127

interface RemotePort {
  /** Of the server. */
  name: string
  port: number
  address: string
}

function notForwarded({ name, port, address }: RemotePort, exitCode: number): Error {
  if (exitCode !== NO_SUCH_PROGRAM) return new Error(`connect ECONNREFUSED ${address}:${port}`)
  return deployError(
    'TARGET_UNSUPPORTED',
    `sshd on ${name} does not let us connect to its own port ${port}`,
    'allow it there (AllowTcpForwarding yes, or local, in sshd_config), or install bash',
  )
}

/**
 * The connection of a command that connects its stdin and stdout with a port.
 * @param exitCode of the command, once it has ended
 */
export async function pipedPort(
  remote: RemotePort,
  output: Readable,
  input: Writable,
  exitCode: Promise<number>,
): Promise<Duplex> {
  // Its first line says that the connection stands.
  const [first] = (await Promise.race([once(output, 'data'), once(output, 'end')])) as [Buffer?]
  if (first === undefined) throw notForwarded(remote, await exitCode)
  output.pause()
  output.unshift(first.subarray(first.indexOf('\n') + 1))
  return joined(output, input)
}

/** One stream of what is read here and written there. */
function joined(readable: Readable, writable: Writable): Duplex {
  const both = new Duplex({
    read: () => void readable.resume(),
    write: (chunk, _encoding, done) => void writable.write(chunk, done),
    final: (done) => {
      writable.end()
      done()
    },
    destroy: (error, done) => {
      writable.destroy()
      done(error)
    },
  })
  readable.on('data', (chunk) => {
    if (!both.push(chunk)) readable.pause()
  })
  readable.once('end', () => both.push(null))
  return both
}
