import { LocalHost } from '../../../deploy/host/local-host.ts'
import { readOptions } from '../../../deploy/local/options.ts'
import { serverLayout } from '../../../deploy/server/layout.ts'
import { gatherFacts } from '../../../deploy/server/read-facts.ts'
import type { Context } from '../../../deploy/session/context.ts'
import type { OpenServer } from '../../../deploy/session/open-server.ts'
import { questionsOn } from '../../../deploy/session/prompts.ts'
import type { Terminal } from '../../../kit/cli/terminal.ts'
import { type TestTerminal, testTerminal } from '../process/test-terminal.ts'
import { tempFolder } from '../temp-folder.ts'

export interface LocalServer {
  context: Context
  open: OpenServer
  terminal: TestTerminal
}

interface LocalServerOptions {
  flags?: { yes?: boolean; dryRun?: boolean; json?: boolean }
  terminal?: Partial<Terminal>
}

/** This machine as a server whose folder has these files, with its real facts. */
export async function localServer(
  files: Record<string, string>,
  { flags = { yes: true }, terminal: more = {} }: LocalServerOptions = {},
): Promise<LocalServer> {
  const host = new LocalHost({ kind: 'root' })
  const layout = serverLayout(tempFolder(files))
  const terminal = testTerminal(more)
  const options = readOptions({ host: 'localhost', dotenv: true, ...flags }, {}, {}, '/nowhere')
  return {
    terminal,
    context: { options, terminal, now: new Date('2026-11-24T00:00:00Z') },
    open: {
      connection: { host, user: 'root', home: '/root', serverAddress: null, clientAddress: null },
      layout,
      facts: await gatherFacts(host, layout.folder),
      questions: questionsOn(terminal),
      times: [{ step: 'Connect', ms: 1 }],
    },
  }
}
