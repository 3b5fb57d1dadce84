import { UserError } from '../kit/user-error.ts'

/** Exit code of each failure. Codes and numbers are public: they are never reused for something else. */
export const DEPLOY_ERRORS = {
  USAGE: 2,
  SSH_UNREACHABLE: 10,
  SSH_AUTH: 10,
  HOST_KEY_UNKNOWN: 11,
  HOST_KEY_CHANGED: 11,
  TARGET_UNSUPPORTED: 12,
  SUDO_MISSING: 12,
  DISK_FULL: 13,
  PORT_TAKEN: 13,
  ADDRESS_UNKNOWN: 13,
  LOCKED: 20,
  SERVER_CHANGED: 20,
  COMMAND_FAILED: 30,
  INSTALL_FAILED: 30,
  UPLOAD_FAILED: 30,
  BUILD_FAILED: 30,
  EDGE_FAILED: 30,
  RELEASE_UNHEALTHY: 31,
  SWITCH_FAILED: 32,
  UNDO_INCOMPLETE: 33,
  NOTHING_TO_ROLL_BACK: 34,
  CERTIFICATE_MISSING: 40,
  NOT_REACHABLE: 41,
  BACKUP_FAILED: 50,
  RESTORE_FAILED: 50,
  INTERRUPTED: 130,
} as const

export type DeployErrorCode = keyof typeof DEPLOY_ERRORS

/** A failure that the user can do something about; `hint` says what. */
export function deployError(code: DeployErrorCode, message: string, hint: string, cause?: unknown): UserError {
  return new UserError(code, message, { hint, exitCode: DEPLOY_ERRORS[code], cause })
}
