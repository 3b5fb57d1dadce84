import { renderEnvFile } from '../../kit/gateway-config/env-file.ts'
import { uiVariables } from '../../kit/gateway-config/variables.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import { sha256 } from '../../kit/sha256.ts'
import { renderReleaseCompose } from '../../templates/release.ts'
import { renderUiCompose } from '../../templates/release-ui.ts'
import type { ServerSettings } from '../../templates/server-settings.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import { EDGE_NETWORK, GATEWAY_PORT, UI_PORT } from '../server/layout.ts'
import { CONTEXT_FOLDER, type Manifest, UI_COMPOSE, UI_ENV } from '../server/manifest.ts'

/** What a release is made of, before it has an id. */
export interface ReleaseContent {
  /** SHA-256 of each file of the build context, by path. */
  context: Readonly<Record<string, string>>
  /** Text of config.yml. */
  config: string
  /** Of the server's .env. */
  environment: Environment
  settings: ServerSettings
  configFrom?: Manifest['configFrom']
}

interface TextFile extends ReleaseFile {
  content: string
}

export interface Release {
  manifest: Manifest
  /** Its files in addition to the build context. */
  files: TextFile[]
}

const NO_ID = 'id'
const NO_TIME = 'time'

/** Id of a release or backup that is made now; UTC, so that ids sort by time. */
export function releaseId(now: Date): string {
  const digits = now.toISOString().replace(/\D/g, '')
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}`
}

/** SHA-256 of the content alone; equals `manifest.content` of the releases made of it. */
export function contentDigest(content: ReleaseContent): string {
  return sha256(JSON.stringify(allHashes(content, renderFiles(content, NO_ID, NO_TIME))))
}

export function makeRelease(content: ReleaseContent, now: Date): Release {
  const id = releaseId(now)
  const files = renderFiles(content, id, now.toISOString())
  const manifest: Manifest = {
    version: 1,
    id,
    createdAt: now.toISOString(),
    image: imageName(content),
    content: contentDigest(content),
    files: allHashes(content, files),
    ...(content.configFrom && { configFrom: content.configFrom }),
  }
  const manifestFile = { path: 'manifest.json', content: `${JSON.stringify(manifest, null, 2)}\n` }
  return { manifest, files: [...files, manifestFile] }
}

/** The same sources on the same base image are the same image; a prebuilt one stands for itself. */
export function imageName({ context, settings }: ReleaseContent): string {
  const { gatewayImage, nodeImage } = settings
  const madeOf = gatewayImage === null ? [nodeImage, inOrder(Object.entries(context))] : ['prebuilt', gatewayImage]
  const digest = sha256(JSON.stringify(madeOf))
  return `ai-proxy:${digest.slice(0, 12)}`
}

/** What differs, in words; nothing if only the names do. */
export function changedParts(before: Manifest, after: Manifest): string[] {
  if (before.content === after.content) return []
  const paths = new Set([...Object.keys(before.files), ...Object.keys(after.files)])
  const changed = [...paths].filter((path) => before.files[path] !== after.files[path])
  const parts = [
    changed.some((path) => path.startsWith(`${CONTEXT_FOLDER}/`)) && 'the gateway itself',
    changed.includes('config.yml') && 'config.yml',
    (changed.includes('gateway.env') || (UI_ENV in before.files && changed.includes(UI_ENV))) && 'values of .env',
    changed.includes(UI_COMPOSE) && UI_COMPOSE in before.files !== UI_COMPOSE in after.files && 'the Logs UI',
  ].filter((part) => part !== false)
  return parts.length > 0 ? parts : ['settings of the container']
}

function renderFiles(content: ReleaseContent, id: string, deployedAt: string): TextFile[] {
  const image = imageName(content)
  const compose = renderReleaseCompose({
    id,
    deployedAt,
    image,
    network: EDGE_NETWORK,
    port: GATEWAY_PORT,
    settings: content.settings,
  })
  return [
    { path: 'compose.yml', content: compose },
    { path: 'config.yml', content: content.config },
    { path: 'gateway.env', content: renderEnvFile(content.environment) },
    ...(content.settings.hasUi ? uiFiles(content, id) : []),
  ]
}

function uiFiles(content: ReleaseContent, id: string): TextFile[] {
  const { environment, settings } = content
  const compose = renderUiCompose({ id, image: imageName(content), network: EDGE_NETWORK, port: UI_PORT, settings })
  return [
    { path: UI_COMPOSE, content: compose },
    { path: UI_ENV, content: renderEnvFile(environment, uiVariables) },
  ]
}

function allHashes({ context }: ReleaseContent, files: readonly ReleaseFile[]): Record<string, string> {
  return inOrder([
    ...Object.entries(context).map(([path, hash]): [string, string] => [`${CONTEXT_FOLDER}/${path}`, hash]),
    ...Object.entries(fileHashes(files)),
  ])
}

/** In order of path, so that digests are the same whatever the order was. */
function inOrder(hashes: [path: string, hash: string][]): Record<string, string> {
  return Object.fromEntries(hashes.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** SHA-256 by path. */
export function fileHashes(files: readonly ReleaseFile[]): Record<string, string> {
  return Object.fromEntries(files.map(({ path, content }) => [path, sha256(content)]))
}
