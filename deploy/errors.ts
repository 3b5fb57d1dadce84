import { COMMON_ERRORS, type ErrorKind, errorMaker } from '../kit/cli/errors.ts'
import { UserError } from '../kit/user-error.ts'

/** Exit code and meaning of each failure. Codes and numbers are public: they are never reused for something else. */
export const DEPLOY_ERRORS = {
  ...COMMON_ERRORS,
  USAGE: {
    ...COMMON_ERRORS.USAGE,
    meaning: 'unknown or wrong options, or --yes is missing where there is no terminal to ask on',
  },
  SSH_UNREACHABLE: { exitCode: 10, meaning: 'no connection to the server, or the connection was lost' },
  SSH_AUTH: { exitCode: 10, meaning: 'the server accepts none of your keys' },
  HOST_KEY_UNKNOWN: { exitCode: 11, meaning: "the server's host key is not known yet and was not accepted" },
  HOST_KEY_CHANGED: { exitCode: 11, meaning: "the server's host key is not the recorded one" },
  TARGET_UNSUPPORTED: {
    exitCode: 12,
    meaning: 'the server cannot run the gateway, or its edge belongs to another folder',
  },
  SUDO_MISSING: { exitCode: 12, meaning: 'the user cannot become root on the server' },
  DISK_FULL: { exitCode: 13, meaning: 'too little free space for a new release; nothing was changed' },
  PORT_TAKEN: { exitCode: 13, meaning: 'another program listens on a port of the edge; nothing was changed' },
  ADDRESS_UNKNOWN: { exitCode: 13, meaning: 'the public address of the server is not known; nothing was changed' },
  ENV_LOST: {
    exitCode: 13,
    meaning: "the server's .env is lost and cannot be put together again; nothing was changed",
  },
  CHECK_FAILED: { exitCode: 13, meaning: 'a check of doctor failed; nothing was changed' },
  LOCKED: { exitCode: 20, meaning: 'another deploy is running' },
  LOCK_LOST: {
    exitCode: 20,
    meaning: 'the lock was lost during the run: the server heard nothing for 30 s, or somebody took it away',
  },
  HELD: { exitCode: 20, meaning: 'somebody has put the server on hold; nothing was changed' },
  SERVER_CHANGED: { exitCode: 20, meaning: 'the server was changed after the plan was shown' },
  COMMAND_FAILED: { exitCode: 30, meaning: 'a command on the server failed; the previous release still answers' },
  INSTALL_FAILED: { exitCode: 30, meaning: 'Docker could not be installed or started' },
  UPLOAD_FAILED: { exitCode: 30, meaning: 'a file could not be written; the previous release still answers' },
  BUILD_FAILED: { exitCode: 30, meaning: 'the image could not be built; the previous release still answers' },
  EDGE_FAILED: { exitCode: 30, meaning: 'the edge did not start; its previous files are put back' },
  RELEASE_UNHEALTHY: {
    exitCode: 31,
    meaning:
      'the new release did not become ready, or answers wrongly; the previous one still answers, the new container is kept, stopped',
  },
  SWITCH_FAILED: { exitCode: 32, meaning: 'the edge did not lead to the new release; the route was put back' },
  UNDO_INCOMPLETE: {
    exitCode: 33,
    meaning: 'something failed and not all of it could be undone; run the same command again',
  },
  NOTHING_TO_ROLL_BACK: { exitCode: 34, meaning: 'there is no previous release, or its image is gone' },
  WATCH_FAILED: {
    exitCode: 35,
    meaning: 'the new release did not work after it took over; the previous one answers again, if there is one',
  },
  CERTIFICATE_MISSING: {
    exitCode: 40,
    meaning: 'the gateway runs, but has no valid certificate yet; remove the cause, then run again',
  },
  NOT_REACHABLE: { exitCode: 41, meaning: 'the gateway runs, but does not answer from here' },
  TEST_FAILED: { exitCode: 42, meaning: 'the gateway does not answer a request of test as it should' },
  DRILL_FAILED: { exitCode: 43, meaning: 'a request of drill failed, or the gateway was not as it should be before' },
  BACKUP_FAILED: { exitCode: 50, meaning: 'the backup could not be written; nothing was changed' },
  BACKUP_DAMAGED: { exitCode: 50, meaning: 'a backup is not what its manifest says, or has none; nothing was changed' },
  RESTORE_FAILED: { exitCode: 50, meaning: 'the backup is missing or cannot be used; nothing was changed' },
  LOGS_NOT_RESTORED: {
    exitCode: 50,
    meaning: 'the gateway runs, but the log databases of the backup are not in place; those of the server stay',
  },
  LOGS_NOT_PULLED: {
    exitCode: 50,
    meaning: 'logs of the server could not be added to the log database here; the same command continues',
  },
  INTERRUPTED: {
    exitCode: 130,
    meaning:
      'Ctrl-C, or a closed terminal: what was begun was undone, or the message says that the change was already made',
  },
} as const satisfies Record<string, ErrorKind>

export type DeployErrorCode = keyof typeof DEPLOY_ERRORS

/** A failure that the user can do something about. */
export const deployError = errorMaker<DeployErrorCode>(DEPLOY_ERRORS)

/** True if no command can be run any more, so that nothing can be undone either. */
export function isCutOff(error: unknown): error is UserError {
  return error instanceof UserError && ['SSH_UNREACHABLE', 'LOCK_LOST'].includes(error.code)
}
