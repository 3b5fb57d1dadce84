import { readText } from '../../kit/files.ts'
import { deployError } from '../errors.ts'
import type { Options } from '../local/options.ts'
import type { OutsideView } from '../probe/outside-probe.ts'

/** How this machine checks the gateway from outside. @throws UserError CONFIG_INVALID, USAGE for --ca-file */
export function outsideView({ resolve, caFile }: Options): OutsideView {
  return { resolve, extraCa: caFile === null ? null : readCertificates(caFile) }
}

function readCertificates(path: string): string {
  const text = readText(path)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw deployError('USAGE', `${path} contains no PEM certificate`, 'give a file with -----BEGIN CERTIFICATE-----')
}
