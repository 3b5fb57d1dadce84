import { quoteArgv } from '../../host/argv.ts'
import type { Context } from '../context.ts'

/** This program for the same server, as the user must type it; `words` come before the options. */
export function commandLine({ program = 'ai-deploy', options }: Context, ...words: string[]): string {
  const { host, path, sshConfig, identity, sshCommand } = options
  const given = [
    ['--host', host],
    ['--path', path],
    ['--ssh-config', sshConfig],
    ['--identity', identity],
    ['--ssh-command', sshCommand],
  ].filter((pair): pair is [string, string] => Boolean(pair[1]))
  return `${program} ${quoteArgv([...words, ...given.flat()])}`
}
