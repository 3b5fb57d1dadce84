import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { affinityOf, type ConversationFacts } from '../apis/conversation.ts'

/** A conversation, as a client names it. */
export interface Dialog {
  id: string
  /** The header that named it, or the member of the body. */
  source: string
}

/** In this order: our own; Claude Code's; Codex', in its present and its earlier spelling; OpenCode's, for its own providers and for others. */
const HEADERS = [
  'x-dialog-id',
  'x-claude-code-session-id',
  'session-id',
  'session_id',
  'x-opencode-session',
  'x-session-affinity',
] as const

/** The dialog of a request: what its headers say, else the session that its body names. */
export function dialogOf(headers: IncomingHttpHeaders, session: string | undefined): Dialog | undefined {
  for (const source of HEADERS) {
    const id = readHeader(headers[source])
    if (id) return { id, source }
  }
  return session === undefined ? undefined : { id: session, source: 'metadata.user_id' }
}

/** Ranks the keys of a provider for a conversation: by its dialog, else by what all of its bodies share. */
export function affinityFor(dialog: Dialog | undefined, conversation: ConversationFacts): number | undefined {
  const isNamed = dialog !== undefined && dialog.id !== conversation.session
  const mark = isNamed ? Buffer.from(dialog.id) : conversation.mark()
  return mark && affinityOf(mark)
}

/** Node decodes the bytes of a header as Latin-1; if they are valid UTF-8, the client meant UTF-8. */
function readHeader(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}
