import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

export interface CopyInput {
  folder: string
  /** File that says what to do. It is removed, since it may hold secrets. */
  job: string
  /** An image of a release. */
  image: string
  /** Private key for SSH; empty for none. */
  key: string
  /** Path of the sender in the image. */
  program: string
}

/** A target that hangs must not keep the lock for ever. */
const SEND_LIMIT_S = 3600

/** Runs the sender of a release's image on a job, and prints what it prints. Only it sees the secrets. */
export function copyBackups({ folder, job, image, key, program }: CopyInput): Argv {
  return sh(
    `trap 'rm -f "$2"' EXIT
trap 'exit 1' HUP INT TERM
docker image inspect "$3" >/dev/null 2>&1 || { echo "the image $3 is not on the server" >&2; exit 1; }
[ -z "$4" ] || [ -f "$4" ] || { echo "BACKUP_SSH_KEY names $4, which is not on the server" >&2; exit 1; }
timeout -k 10 ${SEND_LIMIT_S} docker run --rm --init --network host --read-only --tmpfs /tmp --security-opt no-new-privileges --user 0:0 \\
  --cap-drop ALL --cap-add DAC_OVERRIDE \\
  -v "$2:/job.json:ro" -v "$1/backups:/backups:ro" \${4:+-v "$4:/key:ro"} "$3" \\
  node "$5" /job.json /backups /key </dev/null`,
    folder,
    job,
    image,
    key,
    program,
  )
}
