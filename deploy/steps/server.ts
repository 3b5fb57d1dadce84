import { deployError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { ComposeCommand, Facts } from '../server/facts.ts'
import type { ServerLayout } from '../server/layout.ts'
import type { UndoStack } from '../session/undo.ts'

/** A server whose facts are known, while something is being changed on it. */
export interface Server {
  host: Host
  layout: ServerLayout
  facts: Facts
  undo: UndoStack
  signal: AbortSignal
  now: Date
}

/** @throws UserError TARGET_UNSUPPORTED where there is no Compose */
export function composeOf(facts: Facts): ComposeCommand {
  if (facts.docker?.engine != null && facts.docker.compose !== null) return facts.docker.compose
  throw deployError('TARGET_UNSUPPORTED', 'Docker does not run on the server', 'look at: systemctl status docker')
}

/** The first key that a client may use; null when the gateway asks for none. */
export function firstApiKey(apiKeys: string | undefined): string | null {
  return (
    apiKeys
      ?.split(',')
      .map((key) => key.trim())
      .find((key) => key !== '') ?? null
  )
}
