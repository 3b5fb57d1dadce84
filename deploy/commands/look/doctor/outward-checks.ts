import { errorMessage } from '../../../../kit/user-error.ts'
import type { ServerSettings } from '../../../../templates/server-settings.ts'
import { type ConnectFromServer, reach, statusFromServer } from '../../../probe/reach.ts'
import { type Check, failed, passed } from '../../../session/shown/check-rows.ts'

const DOCKER_HUB = new URL('https://registry-1.docker.io')

export interface Outward {
  settings: ServerSettings
  /** From which Docker pulls images of Docker Hub, as URLs. */
  mirrors: readonly string[]
  /** The owner gave a certificate, so that no CA is asked. */
  hasOwnCertificate: boolean
  /** PEM that the CA's directory is trusted with. */
  acmeCa: string | null
}

/** What the server must reach itself: where its images come from, and the CA. */
export async function outwardChecks(connect: ConnectFromServer, wanted: Outward): Promise<Check[]> {
  const { settings, hasOwnCertificate, acmeCa } = wanted
  return Promise.all([
    registryCheck(connect, wanted),
    ...(hasOwnCertificate ? [] : [caCheck(connect, settings.acme.caServer, acmeCa)]),
  ])
}

async function registryCheck(connect: ConnectFromServer, { settings, mirrors }: Outward): Promise<Check> {
  const problems: string[] = []
  const reached: string[] = []
  for (const places of registriesOf(settings, mirrors)) {
    const found = await firstReached(connect, places)
    if (typeof found === 'string') problems.push(found)
    else reached.push(found.host)
  }
  if (problems.length === 0) return passed('registry', `the server reaches ${reached.join(' and ')}`)
  const remedy = 'let the server connect there, or set a mirror (registry-mirrors in /etc/docker/daemon.json)'
  return failed('registry', `the server does not reach ${problems.join('; ')}`, remedy)
}

/** Each registry that is pulled from: Docker Hub through its mirrors first. */
function registriesOf({ traefikImage, nodeImage, gatewayImage }: ServerSettings, mirrors: readonly string[]): URL[][] {
  const hosts = [traefikImage, gatewayImage ?? nodeImage].map(registryOf)
  return [...new Set(hosts)].map((host) =>
    host === undefined ? [...mirrors.map((mirror) => new URL(mirror)), DOCKER_HUB] : [new URL(`https://${host}`)],
  )
}

/** As Docker reads a reference: the first part is a host if it looks like one. Undefined for Docker Hub. */
function registryOf(image: string): string | undefined {
  const [first = '', ...others] = image.split('/')
  return others.length > 0 && (/[.:]/.test(first) || first === 'localhost') && first !== 'docker.io' ? first : undefined
}

/** @returns the first that answers, or why none does */
async function firstReached(connect: ConnectFromServer, places: readonly URL[]): Promise<URL | string> {
  const problems: string[] = []
  for (const place of places) {
    try {
      ;(await reach(connect, place)).destroy()
      return place
    } catch (error) {
      problems.push(`${place.host} (${errorMessage(error)})`)
    }
  }
  return problems.join(' and ')
}

async function caCheck(connect: ConnectFromServer, directory: string, acmeCa: string | null): Promise<Check> {
  const { host } = new URL(directory)
  const remedy = `let the server connect to ${host}; certificates cannot be issued or renewed without it`
  try {
    const status = await statusFromServer(connect, new URL(directory), acmeCa)
    if (status === 200) return passed('ca', `the server reaches ${host}`)
    return failed('ca', `${host} answers the server with ${status}`, 'wait until the CA works again')
  } catch (error) {
    return failed('ca', `the server does not reach ${host}: ${errorMessage(error)}`, remedy)
  }
}
