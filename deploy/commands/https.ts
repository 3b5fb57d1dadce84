import { parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import { deployError } from '../errors.ts'
import { run } from '../host/host.ts'
import { readPackagedFiles } from '../local/local-files.ts'
import { liveRelease } from '../server/facts.ts'
import { CONTEXT_FOLDER, contextHashes } from '../server/manifest.ts'
import type { Context } from '../session/context.ts'
import type { OpenServer } from '../session/open-server.ts'
import { commandLine } from '../session/shown/command-line.ts'
import type { Outcome } from '../session/shown/report.ts'
import { deployFrom, type Source } from './deploy.ts'

/** Changes the name or the certificate of a server, whatever the files here are. */
export function https(context: Context): Promise<Outcome> {
  return deployFrom(context, 'https', (open) => liveSource(context, open))
}

/** The release stays what it is. @throws UserError USAGE */
async function liveSource(context: Context, { facts, connection, layout }: OpenServer): Promise<Source> {
  const live = liveRelease(facts)
  if (live === null) {
    throw deployError('USAGE', 'no gateway runs there yet', `deploy one with the same options: ${commandLine(context)}`)
  }
  const { id } = live.manifest
  const folder = layout.release(id)
  const config = await run(connection.host, `read config.yml of ${id}`, ['cat', `${folder}/config.yml`])
  const gatewayConfig = parseConfigFile(config, `config.yml of release ${id}`)
  return {
    files: { env: null, config, gatewayConfig, buildContext: [], ...readPackagedFiles() },
    contextHashes: contextHashes(live.manifest),
    context: { kind: 'server', folder: `${folder}/${CONTEXT_FOLDER}` },
  }
}
