import type { Argv } from './argv.ts'

/** How commands become root's: by being root, by sudo without a password, or by sudo with one. */
export type Privilege = { kind: 'root' } | { kind: 'sudo' } | { kind: 'sudo-password'; password: string }

export interface PrivilegedCommand {
  argv: Argv
  /** Goes to stdin before anything else. */
  stdinPrefix: string
}

/** In a terminal, where sudo may ask itself. */
export function asRootInTerminal(argv: Argv, { kind }: Privilege): Argv {
  return kind === 'root' ? argv : ['sudo', '--', ...argv]
}

export function asRoot(argv: Argv, privilege: Privilege): PrivilegedCommand {
  switch (privilege.kind) {
    case 'root':
      return { argv, stdinPrefix: '' }
    case 'sudo':
      return { argv: ['sudo', '-n', '--', ...argv], stdinPrefix: '' }
    case 'sudo-password':
      // -k: never take the cached credentials, or the password would be read by the command itself.
      return { argv: ['sudo', '-k', '-S', '-p', '', '--', ...argv], stdinPrefix: `${privilege.password}\n` }
  }
}
