import type { Command } from 'commander'
import type { Turn } from '../conversation/turns.ts'
import type { RequestDetails } from '../store/requests.ts'
import { colorsFor, printJson } from '../terminal.ts'
import type { CommandContext } from './context.ts'

interface ShowFlags {
  out: string
  json?: true
}

export function addShow(program: Command, context: CommandContext): void {
  program
    .command('show')
    .description('Print a request and its answer so that one can read them')
    .argument('<id>', 'request id, the beginning of one, or the x-request-id that the gateway gave')
    .option('--out <folder>', 'folder of the log database', 'logs/db')
    .option('--json', 'one JSON document on stdout')
    .action((id: string, flags: ShowFlags) => show(id, flags, context))
  program
    .command('dialog')
    .description('Print the requests of a dialog, of each what it adds')
    .argument('<id>', 'dialog id, or the id of a request: then what goes on from the same conversation')
    .option('--out <folder>', 'folder of the log database', 'logs/db')
    .option('--json', 'one JSON document per request')
    .action((id: string, flags: ShowFlags) => dialog(id, flags, context))
}

async function show(id: string, { out, json }: ShowFlags, { terminal, resolve }: CommandContext): Promise<void> {
  const { findRequest } = await import('../conversation/read.ts')
  const { parseBody, requestTurns, responseTurns } = await import('../conversation/turns.ts')
  const { requestText } = await import('../conversation/print.ts')
  const details = await findRequest(resolve(out), id)
  const [request, response] = [parseBody(details.request_json), parseBody(details.response_json)]
  const turns = [...requestTurns(request), ...responseTurns(response)]
  if (json) printJson(terminal, { ok: true, verb: 'show', result: { ...facts(details), request, response, turns } })
  else terminal.out(requestText(details, turns, colorsFor(terminal)))
}

async function dialog(id: string, { out, json }: ShowFlags, { terminal, resolve }: CommandContext): Promise<void> {
  const { findDialog } = await import('../conversation/read.ts')
  const { Thread } = await import('../conversation/thread.ts')
  const { parseBody } = await import('../conversation/turns.ts')
  const { stepText } = await import('../conversation/print.ts')
  const thread = new Thread()
  const ids: string[] = []
  for (const details of await findDialog(resolve(out), id)) {
    const step = thread.add(parseBody(details.request_json), parseBody(details.response_json))
    ids.push(details.request_id)
    if (!json) terminal.out(stepText(details, step, ids.length, colorsFor(terminal)))
    else
      printJson(terminal, {
        ...facts(details),
        goes_on_from: ids[step.after ?? -1] ?? null,
        turns: [...step.turns, ...step.answers] satisfies Turn[],
      })
  }
}

function facts({ request_json: _, response_json: __, ...rest }: RequestDetails) {
  return rest
}
