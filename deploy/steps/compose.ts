import { deployError } from '../errors.ts'
import type { ComposeCommand, Facts } from '../server/facts.ts'

/** @throws UserError TARGET_UNSUPPORTED where Docker or Compose does not run */
export function composeOf({ docker }: Facts): ComposeCommand {
  if (docker !== null && docker.engine !== null && docker.compose !== null) return docker.compose
  throw deployError('TARGET_UNSUPPORTED', 'Docker does not run on the server', 'look at: systemctl status docker')
}
