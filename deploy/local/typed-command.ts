import type { Options } from './options.ts'

/** A command for this server, as the user must type it; `words` come before the options. */
export function typedCommand({ host, path, sshConfig }: Options, ...words: string[]): string {
  const options = [...(path ? ['--path', path] : []), ...(sshConfig ? ['--ssh-config', sshConfig] : [])]
  return ['ai-deploy', ...words, '--host', host, ...options].join(' ')
}
