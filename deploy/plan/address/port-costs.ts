import { isoDay } from '../../../kit/time.ts'
import type { ServerSettings } from '../../../templates/server-settings.ts'
import type { Facts } from '../../server/facts.ts'

const HTTP = 80
const HTTPS = 443

/** What it costs that the edge listens on other ports than usual. Sentences without a full stop. */
export function portCosts(facts: Facts, { domain, acme, httpPort, httpsPort }: ServerSettings): string[] {
  const { certificates, ownCertificates } = facts
  const present = certificates.find((one) => one.file === acme.storage && one.domain === domain)
  const until =
    present?.validUntilS === undefined ? '' : `, which is valid until ${isoDay(present.validUntilS * 1000)},`
  const lost = present === undefined ? 'no certificate can be issued' : `the certificate${until} cannot be renewed`
  return [
    ...(httpPort === HTTP || ownCertificates.length > 0
      ? []
      : [
          `HTTP_PORT is ${httpPort}, but a CA connects to port 80 only: ${lost} while port 80 does not lead to the edge`,
        ]),
    ...(httpsPort === HTTPS ? [] : [`HTTPS_PORT is ${httpsPort}: clients must write this port in the URL`]),
  ]
}
