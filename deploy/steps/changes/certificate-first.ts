import { setTimeout as delay } from 'node:timers/promises'
import { renderCertificateEdge } from '../../../templates/edge.ts'
import { renderRoute } from '../../../templates/route.ts'
import { deployError } from '../../errors.ts'
import { type Host, run } from '../../host/host.ts'
import { utcTime } from '../../plan/address/certificate-hold.ts'
import type { Change } from '../../plan/change.ts'
import { certificateStores } from '../../remote/certificates/acme-stores.ts'
import { CERTIFICATE_EDGE, freePorts, givePortsBack } from '../../remote/certificates/free-ports.ts'
import * as docker from '../../remote/docker.ts'
import { removeTree } from '../../remote/files.ts'
import { acmeProblem } from '../../server/certificates/acme-problem.ts'
import { readCertificateStores } from '../../server/certificates/certificate-store.ts'
import { EDGE_CONTAINER, EDGE_NETWORK, GATEWAY_PORT } from '../../server/layout.ts'
import { readPairs } from '../../server/pairs.ts'
import { putFile } from '../../server/transfer.ts'
import { composeOf } from '../compose.ts'
import type { Definition, Server } from '../definition.ts'
import { recordFailure } from './get-certificate.ts'

type CertificateFirst = Change<'certificate-first'>

const TIMEOUT_MS = 120_000
const POLL_MS = 1000
/** Long after a run has ended by itself. */
const GUARD_S = 600

/** A CA asks on port 80, which the edge has only while another program is stopped. */
export const certificateFirst: Definition<'certificate-first'> = {
  describe: ({ programs, domain }) => [
    `get a certificate for ${domain} on port 80: stop ${programs.join(', ')}, and start them again afterwards`,
  ],
  explain: ({ httpPort }) => [
    `what is stopped is written down first; if the run is cut off, the server starts it again after ${GUARD_S / 60} minutes, and so does the next run`,
    `the certificate cannot be renewed while HTTP_PORT is ${httpPort}: run this again before it ends; status says so 20 days before`,
  ],
  downtime: ({ programs }) =>
    `${programs.join(', ')}: not available for about half a minute, and for 3 minutes at most`,
  title: 'Get the certificate on port 80',
  async run(change, server, report) {
    const { host, layout, facts } = server
    await putEdge(change, server)
    report(`stopping ${change.programs.join(', ')}`)
    await run(host, 'free the ports', freePorts(layout.folder, change.programs, GUARD_S))
    const compose = composeOf(facts).argv
    await run(host, 'connect the edge to its network', docker.attachToNetwork(EDGE_CONTAINER, EDGE_NETWORK))
    const project = { compose, project: CERTIFICATE_EDGE, file: `${layout.certificateEdge}/compose.yml` }
    await run(host, 'start an edge on port 80', docker.composeUp(project))
    report('waiting for the CA')
    await untilIssued(change, server)
    await giveBack(server)
    return `The certificate for ${change.domain} is there; ${change.programs.join(', ')} started again`
  },
  undo: (_change, server) => ({ what: 'start again what was stopped', action: () => giveBack(server) }),
}

/** Its files: the route asks for the certificate, and leads nowhere. */
async function putEdge({ files, domain }: CertificateFirst, { host, layout }: Server): Promise<void> {
  const folder = layout.certificateEdge
  await putFile(host, `${folder}/compose.yml`, renderCertificateEdge(files.compose, CERTIFICATE_EDGE))
  await putFile(host, `${folder}/traefik.yml`, files.traefik)
  await putFile(host, `${folder}/dynamic/app.yml`, renderRoute({ domain, live: null }, GATEWAY_PORT))
  if (files.acmeCa !== null) await putFile(host, `${folder}/acme-ca.pem`, files.acmeCa)
}

async function giveBack({ host, layout }: Pick<Server, 'host' | 'layout'>): Promise<void> {
  await run(host, 'start again what was stopped', givePortsBack(layout.folder))
  await run(host, 'remove what the edge on port 80 needed', removeTree(layout.certificateEdge))
}

async function untilIssued(change: CertificateFirst, server: Server): Promise<void> {
  const { host, layout, facts, signal } = server
  const deadline = performance.now() + TIMEOUT_MS
  while (!(await isIssued(change, host, layout.folder))) {
    const { stdout } = await host.exec(docker.acmeErrors(CERTIFICATE_EDGE, facts.clockS))
    if (stdout.trim() !== '' || performance.now() > deadline) {
      const problem = acmeProblem(stdout.trim(), change.domain)
      const retryAtS = await recordFailure(change, server, problem)
      throw deployError(
        'CERTIFICATE_MISSING',
        `no certificate was issued for ${change.domain}${problem.says === '' ? '' : `: ${problem.says}`}`,
        `${problem.remedy}; then run again, after ${utcTime(retryAtS)}`,
      )
    }
    await delay(POLL_MS, undefined, { signal })
  }
}

/** Another one than that which was there before. */
async function isIssued(
  { domain, storage, validUntilS }: CertificateFirst,
  host: Host,
  folder: string,
): Promise<boolean> {
  const pairs = readPairs(await run(host, 'look for the certificate', certificateStores(folder)))
  return readCertificateStores(pairs).certificates.some(
    (one) => one.file === storage && one.domain === domain && (one.validUntilS ?? 0) > validUntilS,
  )
}
