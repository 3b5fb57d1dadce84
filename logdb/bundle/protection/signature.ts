import { spawn } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { configInvalid, errorMessage, hasErrorCode } from '../../../kit/user-error.ts'
import { BadArchive } from '../format/bad-archive.ts'

/** Keeps a signature of something else from being taken for one of a bundle. */
const NAMESPACE = 'ai-deploy-bundle'
export const SIGNATURE = '.sig'

interface Ended {
  isOk: boolean
  stdout: string
  stderr: string
}

/**
 * A signature of a file, as ssh-keygen makes it.
 * @param key path of a private key, or of the public key of one that the agent has
 * @throws UserError CONFIG_INVALID
 */
export async function signatureOf(path: string, key: string): Promise<string> {
  const { isOk, stdout, stderr } = await sshKeygen(['sign', '-q', '-n', NAMESPACE, '-f', key], path)
  if (isOk) return stdout
  throw configInvalid(`--sign ${key}: ssh-keygen cannot sign with it: ${stderr}`, 'name a private key of ssh-keygen')
}

/**
 * Checks the signature next to a file.
 * @param allowedSigners path of a file as `ssh-keygen -Y verify` takes it: lines of a name and a public key
 * @returns the name of the signer
 * @throws BadArchive
 */
export async function requireSignature(path: string, allowedSigners: string): Promise<string> {
  const signature = path + SIGNATURE
  if (!existsSync(signature)) throw new BadArchive('signature', `there is no ${signature}`)
  const found = await sshKeygen(['find-principals', '-s', signature, '-f', allowedSigners], undefined)
  const [signer = ''] = found.stdout.split('\n')
  if (!found.isOk || signer === '') throw new BadArchive('signature', `the signer is not in ${allowedSigners}`)
  const args = ['verify', '-n', NAMESPACE, '-s', signature, '-f', allowedSigners, '-I', signer]
  const { isOk, stderr } = await sshKeygen(args, path)
  if (!isOk) throw new BadArchive('signature', `it is not what ${signer} signed: ${stderr}`)
  return signer
}

/** @param input path of the file for its stdin */
async function sshKeygen(args: readonly string[], input: string | undefined): Promise<Ended> {
  const child = spawn('ssh-keygen', ['-Y', ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (texts[name] += String(chunk)))
  const ended = new Promise<boolean>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code === 0))
  })
  // One that ends before it has read everything says why on stderr.
  const fed = input === undefined ? child.stdin.end() : pipeline(createReadStream(input), child.stdin).catch(() => {})
  try {
    const isOk = await ended
    await fed
    return { isOk, stdout: texts.stdout.trimEnd() + (isOk ? '\n' : ''), stderr: texts.stderr.trim() }
  } catch (error) {
    const isMissing = hasErrorCode(error, 'ENOENT')
    const message = isMissing ? 'ssh-keygen is not installed' : `ssh-keygen does not run: ${errorMessage(error)}`
    throw configInvalid(message, 'install the OpenSSH client, or leave out --sign and --allowed-signers')
  }
}
