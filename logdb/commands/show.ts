import type { Command } from 'commander'
import { outColors } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end } from '../command-line/ending.ts'
import { addExamples, addOptions, type Flags, JSON_OUTPUT, OUT } from '../command-line/options.ts'
import type { RequestDetails } from '../store/partition/requests.ts'

export function addShow(program: Command, context: CommandContext): void {
  const one = program
    .command('show')
    .description('Print a request and its answer in readable form')
    .argument('<id>', 'request id, the beginning of one, or the x-request-id that the gateway gave')
  addOptions(one, OUT, JSON_OUTPUT).action((id: string, flags: Flags) => show(id, flags, context))
  addExamples(one, ['logdb show 3fa2c9'])
  const all = program
    .command('dialog')
    .description('Print the requests of a dialog, each with what it adds')
    .argument('<id>', 'dialog id, or the id of a request: then the requests that continue the same conversation')
  addOptions(all, OUT, JSON_OUTPUT).action((id: string, flags: Flags) => dialog(id, flags, context))
  addExamples(all, ['logdb dialog 3fa2c9'])
}

async function show(id: string, flags: Flags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  const { findRequest } = await import('../conversation/find-requests.ts')
  const { parseBody, requestTurns, responseTurns } = await import('../conversation/turns.ts')
  const { requestText } = await import('../output/request-text.ts')
  const details = await findRequest(resolve(flags.out), id)
  const [request, response] = [parseBody(details.request_json), parseBody(details.response_json)]
  const turns = [...requestTurns(request), ...responseTurns(response)]
  end(context, flags, {
    verb: 'show',
    result: { ...facts(details), request, response, turns },
    print: () => terminal.out(requestText(details, turns, outColors(terminal))),
  })
}

/** Prints each request as soon as it is read; a dialog may be long. */
async function dialog(id: string, flags: Flags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  const { findDialog } = await import('../conversation/find-requests.ts')
  const { Thread } = await import('../conversation/thread.ts')
  const { parseBody } = await import('../conversation/turns.ts')
  const { stepText } = await import('../output/request-text.ts')
  const thread = new Thread()
  const ids: string[] = []
  const result: unknown[] = []
  for (const details of await findDialog(resolve(flags.out), id)) {
    const step = thread.add(parseBody(details.request_json), parseBody(details.response_json))
    ids.push(details.request_id)
    if (!flags.json) terminal.out(stepText(details, step, ids.length, outColors(terminal)))
    else {
      const turns = [...step.turns, ...step.answers]
      result.push({ ...facts(details), goes_on_from: ids[step.after ?? -1] ?? null, turns })
    }
  }
  end(context, flags, { verb: 'dialog', result, print: () => {} })
}

function facts({ request_json: _, response_json: __, ...rest }: RequestDetails) {
  return rest
}
