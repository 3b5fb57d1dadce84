import type { Command } from 'commander'
import type { CommandContext } from '../command-line/context.ts'
import { withJson, withOut } from '../command-line/options.ts'
import type { Turn } from '../conversation/turns.ts'
import type { RequestDetails } from '../store/partition/requests.ts'
import { colorsFor, printReport } from '../terminal.ts'

interface ShowFlags {
  out: string
  json?: true
}

export function addShow(program: Command, context: CommandContext): void {
  const one = program
    .command('show')
    .description('Print a request and its answer so that one can read them')
    .argument('<id>', 'request id, the beginning of one, or the x-request-id that the gateway gave')
  withJson(withOut(one)).action((id: string, flags: ShowFlags) => show(id, flags, context))
  const all = program
    .command('dialog')
    .description('Print the requests of a dialog, of each what it adds')
    .argument('<id>', 'dialog id, or the id of a request: then what goes on from the same conversation')
  withJson(withOut(all)).action((id: string, flags: ShowFlags) => dialog(id, flags, context))
}

async function show(id: string, { out, json }: ShowFlags, { terminal, resolve }: CommandContext): Promise<void> {
  const { findRequest } = await import('../conversation/find-requests.ts')
  const { parseBody, requestTurns, responseTurns } = await import('../conversation/turns.ts')
  const { requestText } = await import('../output/request-text.ts')
  const details = await findRequest(resolve(out), id)
  const [request, response] = [parseBody(details.request_json), parseBody(details.response_json)]
  const turns = [...requestTurns(request), ...responseTurns(response)]
  if (json) printReport(terminal, { verb: 'show', result: { ...facts(details), request, response, turns } })
  else terminal.out(requestText(details, turns, colorsFor(terminal)))
}

async function dialog(id: string, { out, json }: ShowFlags, { terminal, resolve }: CommandContext): Promise<void> {
  const { findDialog } = await import('../conversation/find-requests.ts')
  const { Thread } = await import('../conversation/thread.ts')
  const { parseBody } = await import('../conversation/turns.ts')
  const { stepText } = await import('../output/request-text.ts')
  const thread = new Thread()
  const ids: string[] = []
  const result: unknown[] = []
  for (const details of await findDialog(resolve(out), id)) {
    const step = thread.add(parseBody(details.request_json), parseBody(details.response_json))
    ids.push(details.request_id)
    if (!json) terminal.out(stepText(details, step, ids.length, colorsFor(terminal)))
    else
      result.push({
        ...facts(details),
        goes_on_from: ids[step.after ?? -1] ?? null,
        turns: [...step.turns, ...step.answers] satisfies Turn[],
      })
  }
  if (json) printReport(terminal, { verb: 'dialog', result })
}

function facts({ request_json: _, response_json: __, ...rest }: RequestDetails) {
  return rest
}
