import { Option } from 'commander'
import { readText } from '../../kit/files.ts'
import type { CommandContext } from './context.ts'
import type { Flags } from './options.ts'

export interface ProtectionFlags extends Flags {
  identity?: string
  allowedSigners?: string
}

/** Of verbs that read a bundle. */
export function PROTECTION(): Option[] {
  return [
    new Option('--identity <file>', 'key of age, if the bundle is encrypted'),
    new Option('--allowed-signers <file>', 'require a signature by one of these, as ssh-keygen -Y verify'),
  ]
}

/** The bundle that a user named, for the functions that read one. @throws UserError CONFIG_INVALID */
export function protectedBundle(
  file: string,
  { identity, allowedSigners }: ProtectionFlags,
  { resolve }: CommandContext,
) {
  return {
    path: resolve(file),
    identities: identity === undefined ? undefined : readText(resolve(identity)),
    allowedSigners: allowedSigners === undefined ? undefined : resolve(allowedSigners),
  }
}
