import { parseDotenv } from '../../../../kit/settings/dotenv.ts'
import { errorMessage, hasErrorCode } from '../../../../kit/user-error.ts'
import { type ServerSettings, serverSettings } from '../../../../templates/server-settings.ts'
import { certificateHold, holdWarnings, needsCertificate, utcTime } from '../../../plan/address/certificate-hold.ts'
import { opened } from '../../../probe/redirect.ts'
import { defaultDomain } from '../../../session/address/default-domain.ts'
import type { Context } from '../../../session/context.ts'
import type { OpenServer } from '../../../session/open-server.ts'
import { outsideView } from '../../../session/outside-view.ts'
import { type Check, failed, passed } from '../../../session/shown/check-rows.ts'
import { dnsCheck } from '../shared-checks.ts'

/** The name of the server, its ports as they are seen from here, and its certificate. */
export async function wayChecks(context: Context, open: OpenServer): Promise<Check[]> {
  const { options } = context
  const { facts } = open
  const values = parseDotenv(facts.env ?? '').values
  const domain = options.domain ?? values['DOMAIN'] ?? (await defaultDomain(options, open))
  if (domain === null) {
    const remedy = 'name it with --ip ADDRESS, or give a name of your own with --domain NAME'
    return [failed('address', 'the public address of the server cannot be found from here', remedy)]
  }
  const settings = { ...serverSettings(values, facts.edge.acmeCa !== null), domain }
  const dns = await dnsCheck(options, open, domain)
  const ports = dns.isOk
    ? await Promise.all(portsOf(settings).map((port) => portCheck(context, open, domain, port)))
    : []
  return [passed('address', domain), dns, ...ports, certificateCheck(open, settings)]
}

function portsOf({ httpPort, httpsPort }: ServerSettings): number[] {
  return [httpPort, httpsPort]
}

/** Before the first deploy nobody listens there, so a refused connection shows that no firewall stands in the way. */
async function portCheck(context: Context, { facts }: OpenServer, domain: string, port: number): Promise<Check> {
  const name = `way to ${port}`
  try {
    const socket = await opened(domain, port, outsideView(context.options))
    socket.destroy()
    return passed(name, 'a connection from here works')
  } catch (error) {
    const isRefused = hasErrorCode(error, 'ECONNREFUSED')
    if (isRefused && !facts.edge.isRunning)
      return passed(name, 'no firewall stands in the way; nobody listens there yet')
    const remedy = isRefused
      ? 'run a deploy, which starts the edge'
      : `open port ${port} in the firewall of the server and in that of its provider`
    return failed(name, errorMessage(error), remedy)
  }
}

function certificateCheck({ facts }: OpenServer, settings: ServerSettings): Check {
  const hold = certificateHold(facts, settings)
  if (hold !== undefined)
    return failed('certificate', holdWarnings(hold).join('; '), `run a deploy after ${utcTime(hold.retryAtS)}`)
  if (!needsCertificate(facts, settings)) return passed('certificate', 'the edge has one for this name')
  if (settings.httpPort !== 80) {
    return failed(
      'certificate',
      `a CA connects to port 80 only, and HTTP_PORT is ${settings.httpPort}`,
      'let the edge have port 80 until the certificate is there',
    )
  }
  return facts.live === null
    ? passed('certificate', 'a deploy asks for one')
    : failed('certificate', 'the edge has none for this name', 'find the cause with: ai-deploy test-https')
}
