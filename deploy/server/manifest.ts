/** manifest.json of a release. */
export interface Manifest {
  version: 1
  id: string
  /** ISO time. */
  createdAt: string
  /** Image with its tag, which stands for the build context and the base image. */
  image: string
  /** SHA-256 of everything except id and time: two releases of the same content have the same. */
  content: string
  /** SHA-256 of each file by path. */
  files: Record<string, string>
  /** Its config.yml was changed on the server, so a file elsewhere that differs may be older; undefined for one of a deploy. */
  configFrom?: 'server' | undefined
}

/** Folder of a release that its image is built from. */
export const CONTEXT_FOLDER = 'context'

/** SHA-256 of each file of a release's build context, by its path there. */
export function contextHashes({ files }: Manifest): Record<string, string> {
  const prefix = `${CONTEXT_FOLDER}/`
  const entries = Object.entries(files).filter(([path]) => path.startsWith(prefix))
  return Object.fromEntries(entries.map(([path, hash]) => [path.slice(prefix.length), hash]))
}

/** The tag of `ai-proxy:TAG`. */
export function imageTag(image: string): string {
  return image.slice(image.indexOf(':') + 1)
}

/** Compose file of the Logs UI of a release, which has one only where the UI is wanted. */
export const UI_COMPOSE = 'ui.yml'
/** Its variables. */
export const UI_ENV = 'ui.env'

export function hasUi({ files }: Manifest): boolean {
  return UI_COMPOSE in files
}
