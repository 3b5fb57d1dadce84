import { COMMON_ERRORS, type ErrorKind, errorMaker } from '../../kit/cli/errors.ts'

/** Every error that the rig can end with. docs/rig.md has the same table. */
export const RIG_ERRORS = {
  RIG_ID: { exitCode: 1, meaning: 'the value of `--id` is not a number from 0 to 99' },
  RIG_PACKAGES: { exitCode: 1, meaning: 'packages are missing, and the rig cannot install them itself' },
  RIG_ENGINE: { exitCode: 1, meaning: 'no Docker engine is running, and the rig cannot start one' },
  RIG_NETWORK: { exitCode: 1, meaning: 'the network cannot be created, for example because its addresses are in use' },
  RIG_TRAEFIK: { exitCode: 1, meaning: "Traefik's image cannot be pulled, and Go is not installed to build it" },
  RIG_DAEMON: { exitCode: 1, meaning: 'a process of the rig ended early or does not listen; the error shows its log' },
  RIG_SERVER: { exitCode: 1, meaning: 'a server did not boot within a minute' },
  RIG_COMMAND_FAILED: { exitCode: 1, meaning: 'a command that the rig runs failed; the error shows its output' },
  RIG_NOT_UP: { exitCode: 1, meaning: 'the rig was never started, or it was taken down' },
  RIG_SERVER_NAME: { exitCode: 1, meaning: 'the rig has no server with this name' },
  USAGE: COMMON_ERRORS.USAGE,
  BUG: COMMON_ERRORS.BUG,
} as const satisfies Record<string, ErrorKind>

/** A failure that the user can fix. */
export const rigError = errorMaker(RIG_ERRORS)
