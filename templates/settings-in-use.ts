import { parse } from 'yaml'
import { routeDomain } from './route.ts'
import { LETS_ENCRYPT, LETS_ENCRYPT_STAGING } from './server-settings.ts'

/** Files that deploy wrote to a server; null where one is lost. */
export interface WrittenFiles {
  route: string | null
  edgeCompose: string | null
  traefikConfig: string | null
  releaseCompose: string | null
}

/** Settings of the server itself as variables of .env, read back from the files that were made of them; defaults are left out. */
export function settingsInUse(files: WrittenFiles): Record<string, string> {
  const domain = files.route === null ? null : routeDomain(files.route)
  const found = {
    DOMAIN: domain ?? undefined,
    ...edgeSettings(read(files.edgeCompose)),
    ...acmeSettings(read(files.traefikConfig)),
    ...ownerSettings(read(files.releaseCompose)),
  }
  return Object.fromEntries(Object.entries(found).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

/** As far as we write it. */
interface Written {
  services?: {
    traefik?: { image?: string; ports?: string[] }
    gateway?: { user?: string }
  }
  certificatesResolvers?: { letsencrypt?: { acme?: { email?: string; storage?: string; caServer?: string } } }
}

type Found = Record<string, string | undefined>

function edgeSettings({ services }: Written): Found {
  const { image, ports = [] } = services?.traefik ?? {}
  const outer = (inner: string) => ports.map((port) => port.split(':')).find((pair) => pair[1] === inner)?.[0]
  return {
    HTTP_PORT: unless('80', outer('80')),
    HTTPS_PORT: unless('443', outer('443')),
    TRAEFIK_IMAGE: unless('traefik:v3.6', image),
  }
}

function acmeSettings({ certificatesResolvers }: Written): Found {
  const { email, storage, caServer } = certificatesResolvers?.letsencrypt?.acme ?? {}
  const isStaging = storage?.endsWith('/acme-staging.json') ?? false
  return {
    ACME_EMAIL: email,
    ACME_STAGING: isStaging ? 'true' : undefined,
    ACME_CA_SERVER: unless(isStaging ? LETS_ENCRYPT_STAGING : LETS_ENCRYPT, caServer),
  }
}

function ownerSettings({ services }: Written): Found {
  const [uid, gid] = services?.gateway?.user?.split(':') ?? []
  return { HOST_UID: unless('1000', uid), HOST_GID: unless('1000', gid) }
}

function unless(usual: string, value: string | undefined): string | undefined {
  return value === usual ? undefined : value
}

/** A file that cannot be read is as good as none. */
function read(text: string | null): Written {
  try {
    const document: Written | null = text === null ? null : parse(text)
    return typeof document === 'object' && document !== null ? document : {}
  } catch {
    return {}
  }
}
