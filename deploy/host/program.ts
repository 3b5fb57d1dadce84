import { type ChildProcess, type ChildProcessWithoutNullStreams, type StdioOptions, spawn } from 'node:child_process'
import type { Readable, Transform } from 'node:stream'
import type { Argv } from './argv.ts'
import type { ExecOptions } from './host.ts'
import { splitLines } from './lines.ts'

/** How long a program that is asked to end has to do so before it is killed. */
const KILL_AFTER_MS = 5000

/** Starts a program of this machine, with pipes, that does not outlive this process. */
export function startProgram(argv: Argv): ChildProcessWithoutNullStreams {
  const child = startWith(argv, 'pipe')
  return child as ChildProcessWithoutNullStreams
}

/** The same with other streams. */
export function startWith([file, ...args]: Argv, stdio: StdioOptions): ChildProcess {
  const child = spawn(file, args, { stdio })
  const kill = () => child.kill()
  process.once('exit', kill)
  child.once('exit', () => process.removeListener('exit', kill))
  // That it cannot be started is for those who wait for its exit code.
  child.on('error', () => process.removeListener('exit', kill))
  return child
}

/** Exit code once it has ended and closed its output; undefined if a signal ended it. @throws when it cannot be started */
export function exitCodeOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (exitCode) => resolve(exitCode ?? undefined))
  })
}

/** What a program of this machine prints, passed through `through`, which fails when the program does. */
export function outputOf<T extends Transform>(argv: Argv, through: T): T {
  const child = startProgram(argv)
  const stderr = textSoFar(child.stderr)
  child.stdin.end()
  child.stdout.pipe(through, { end: false })
  through.once('close', () => endProgram(child))
  const fail = (why: string) => void through.destroy(new Error(`${argv[0]}: ${why}`))
  exitCodeOf(child).then(
    (exitCode) => (exitCode === 0 ? through.end() : fail(stderr().trim() || `exit code ${exitCode}`)),
    (error) => fail(String(error)),
  )
  return through
}

/** Asks it to end, and kills it if it does not. */
export function endProgram(child: ChildProcess): void {
  child.kill()
  const killing = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref()
  child.once('exit', () => clearTimeout(killing))
}

/** Reads a stream from now on. @returns what was read so far */
export function textSoFar(stream: Readable): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

/** Reads both streams from now on, and passes on what comes. @returns what was read so far */
export function readOutput(
  { stdout, stderr }: { stdout: Readable; stderr: Readable },
  { onLine, onOutput }: { [K in 'onLine' | 'onOutput']: ExecOptions[K] | undefined },
): { stdout: () => string; stderr: () => string } {
  const texts = { stdout: textSoFar(stdout), stderr: textSoFar(stderr) }
  if (onOutput) {
    stdout.on('data', (chunk: Buffer) => onOutput(chunk, 'stdout'))
    stderr.on('data', (chunk: Buffer) => onOutput(chunk, 'stderr'))
  }
  if (onLine) for (const stream of [stdout, stderr]) stream.on('data', splitLines(onLine))
  return texts
}
