import { writeFileSync } from 'node:fs'
import { readTextIfPresent } from '../../../kit/files.ts'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import type { Context } from '../../session/context.ts'
import { withServer } from '../../session/open-server.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { editChecked } from '../edit-checked.ts'
import { readLiveConfig, requireLive } from '../release-source.ts'
import { changeConfig } from './change-config.ts'
import { localConfigPath } from './local-config.ts'

/** Lets the user edit config.yml of the live release. The same file here is changed too, so that both stay the same. */
export async function editConfig(context: Context): Promise<Outcome> {
  const before = await withServer(context, (open) => readLiveConfig(open, requireLive(context, open).manifest.id))
  const path = localConfigPath(context, undefined)
  const isSameHere = readTextIfPresent(path) === before
  const text = await editChecked(context, { text: before, name: 'config.yml' }, (edited) => {
    parseConfigFile(edited, 'the edited config.yml')
    return edited
  })
  const outcome = await changeConfig(context, 'config edit', { text, isOfServer: !isSameHere, replaces: before })
  const { result = {}, error } = outcome
  const isChanged = error === undefined && 'changed' in result && result.changed === true
  if (!isSameHere || !isChanged) return outcome
  writeFileSync(path, text)
  return { ...outcome, notes: [...(outcome.notes ?? []), `${path} was the same and is changed too.`] }
}
