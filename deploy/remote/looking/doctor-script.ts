import type { Argv } from '../../host/argv.ts'
import { ROUTINE_READINGS } from '../logdb/schedule.ts'
import { sh } from '../sh.ts'

/** Programs of a server that a deploy uses, apart from Docker. Each is part of every Debian and Ubuntu. */
const NEEDED_PROGRAMS = ['awk', 'base64', 'flock', 'sed', 'setsid', 'sha256sum', 'tar', 'timeout'] as const

/**
 * Prints `missing` for each program that is not there, `unwritable` if the folder of the gateway cannot be written, `available`
 * and `swap` (free memory in KiB), and `mirror` for each mirror from which Docker pulls images of Docker Hub.
 */
export function doctorReadings(folder: string): Argv {
  return sh(
    `folder=$1 P=$1
shift
${ROUTINE_READINGS}
for program; do command -v "$program" >/dev/null 2>&1 || echo missing="$program"; done
d=$folder
while [ ! -d "$d/" ]; do d=\${d%/*}; done
[ -w "$d/" ] || echo unwritable="$d"
while read -r key value rest; do
  case $key in
    MemAvailable:) echo available="$value" ;;
    SwapFree:) echo swap="$value" ;;
  esac
done < /proc/meminfo
docker info --format '{{range .RegistryConfig.Mirrors}}{{println "mirror" .}}{{end}}' 2>/dev/null | sed -n 's/^mirror /mirror=/p'
exit 0`,
    folder,
    ...NEEDED_PROGRAMS,
  )
}
