import { readCheckedEnvironment } from '../../../kit/gateway-config/checked-environment.ts'
import { configInvalid } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import { maskEnv } from '../../plan/differences/masked-env.ts'
import type { Context } from '../../session/context.ts'
import { withServer } from '../../session/open-server.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { editChecked } from '../edit-checked.ts'
import { changeEnv } from './change-env.ts'

/** Lets the user edit the server's .env. Its secrets stay there: in their places are three asterisks. */
export async function editEnv(context: Context): Promise<Outcome> {
  const before = await withServer(context, async ({ facts }) => facts.env)
  if (before === null) throw deployError('USAGE', 'there is no .env on the server', 'deploy first, which makes it')
  const masked = maskEnv(before)
  const edited = await editChecked(context, { text: masked.text, name: 'server.env' }, (text) =>
    checked(masked.restore(text)),
  )
  return changeEnv(context, 'env edit', (text) => {
    if (text === before) return edited
    throw deployError('SERVER_CHANGED', 'the .env of the server was changed meanwhile', 'run again to edit the new one')
  })
}

function checked(text: string | undefined): string {
  if (text === undefined) {
    throw configInvalid(
      'a line with *** was changed',
      'leave it as it is to keep the value, or write the whole new value',
    )
  }
  readCheckedEnvironment(text, 'the edited .env')
  return text
}
