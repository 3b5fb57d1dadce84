import { parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import { sha256 } from '../../kit/sha256.ts'
import { deployError } from '../errors.ts'
import { run } from '../host/host.ts'
import { type LocalFiles, readPackagedFiles } from '../local/local-files.ts'
import { textDiff } from '../plan/differences/text-diff.ts'
import type { Wishes } from '../plan/situation.ts'
import { type LiveRelease, liveRelease } from '../server/facts.ts'
import { CONTEXT_FOLDER, contextHashes } from '../server/manifest.ts'
import type { Context } from '../session/context.ts'
import type { OpenServer } from '../session/open-server.ts'
import { commandLine } from '../session/shown/command-line.ts'

/** What a release is made of. */
export interface Source extends Pick<Wishes, 'context' | 'contextHashes' | 'configFrom'> {
  files: LocalFiles
  /** What is to change in the server's .env, in addition to the options. */
  changeEnv?: (text: string) => string
}

/** The release as it is on the server, whatever the files here are. @throws UserError USAGE if there is none */
export async function liveSource(context: Context, open: OpenServer): Promise<Source> {
  const { manifest } = requireLive(context, open)
  const folder = open.layout.release(manifest.id)
  const config = await readLiveConfig(open, manifest.id)
  const gatewayConfig = parseConfigFile(config, `config.yml of release ${manifest.id}`)
  return {
    files: {
      ...{ env: null, config, isConfigPackaged: false, gatewayConfig, buildContext: [] },
      ...readPackagedFiles(),
    },
    contextHashes: contextHashes(manifest),
    context: { kind: 'server', folder: `${folder}/${CONTEXT_FOLDER}` },
    configFrom: manifest.configFrom,
  }
}

/** @throws UserError USAGE */
export function requireLive(context: Context, { facts }: OpenServer): LiveRelease {
  const live = liveRelease(facts)
  if (live !== null) return live
  throw deployError('USAGE', 'no gateway runs there yet', `deploy one with the same options: ${commandLine(context)}`)
}

export function readLiveConfig({ connection, layout }: OpenServer, id: string): Promise<string> {
  return run(connection.host, `read config.yml of ${id}`, ['cat', `${layout.release(id)}/config.yml`])
}

const KEPT =
  "config.yml here differs from the server's, which was changed there and stays; send yours with: ai-deploy config push"

/**
 * The source with the config.yml that a deploy takes: the one here, else that of the live release, and the packaged one only
 * on a server without a release. One that was changed on the server is replaced only if the user says so.
 */
export async function withChosenConfig(context: Context, open: OpenServer, source: Source): Promise<Source> {
  const live = liveRelease(open.facts)
  const { files } = source
  if (live === null) return withPredecessorsConfig(context, open, source)
  if (live.manifest.files['config.yml'] === sha256(files.config)) {
    return { ...source, configFrom: live.manifest.configFrom }
  }
  const { id, configFrom } = live.manifest
  if (!files.isConfigPackaged && configFrom !== 'server') return source
  const config = await readIfPresent(open, `${open.layout.release(id)}/config.yml`)
  if (config === undefined) return source
  if (!files.isConfigPackaged && (await isReplaced(context, open, config, files.config))) return source
  const gatewayConfig = parseConfigFile(config, `config.yml of release ${id}`)
  return { ...source, configFrom, files: { ...files, config, gatewayConfig } }
}

/** The Python gateway has one in the folder of the server. */
async function withPredecessorsConfig(context: Context, open: OpenServer, source: Source): Promise<Source> {
  const { facts, layout } = open
  const { files } = source
  const config = facts.predecessor === null ? undefined : await readIfPresent(open, `${layout.folder}/config.yml`)
  if (config === undefined || config === files.config) return source
  if (!files.isConfigPackaged && (await isReplaced(context, open, config, files.config))) return source
  const gatewayConfig = parseConfigFile(config, 'config.yml of the Python gateway')
  return { ...source, configFrom: 'server', files: { ...files, config, gatewayConfig } }
}

async function readIfPresent({ connection }: OpenServer, path: string): Promise<string | undefined> {
  const { exitCode, stdout } = await connection.host.exec(['cat', path])
  return exitCode === 0 ? stdout : undefined
}

/** Shows the difference, and asks. With --yes, and where nobody can be asked, the server's stays. */
async function isReplaced({ options, terminal }: Context, { questions }: OpenServer, server: string, here: string) {
  for (const line of textDiff('config.yml of the server (-) and the one here (+)', server, here))
    terminal.err(`${line}\n`)
  const mayAsk = !options.isConfirmed && !options.isDryRun
  if (
    mayAsk &&
    (await questions.confirmNot("Replace the server's config.yml, which was changed there, by the one here?"))
  ) {
    return true
  }
  terminal.err(`Note: ${KEPT}.\n`)
  return false
}
