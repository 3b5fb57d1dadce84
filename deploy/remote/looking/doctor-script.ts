import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

/** Programs of a server that a deploy uses, apart from Docker. Each is part of every Debian and Ubuntu. */
const NEEDED_PROGRAMS = ['awk', 'base64', 'flock', 'sed', 'setsid', 'sha256sum', 'tar', 'timeout'] as const

/** Prints those that are missing, one a line, and `folder` if the folder of the gateway cannot be written. */
export function doctorReadings(folder: string): Argv {
  return sh(
    `folder=$1
shift
for program; do command -v "$program" >/dev/null 2>&1 || echo "$program"; done
d=$folder
while [ ! -d "$d/" ]; do d=\${d%/*}; done
[ -w "$d/" ] || echo folder
exit 0`,
    folder,
    ...NEEDED_PROGRAMS,
  )
}
