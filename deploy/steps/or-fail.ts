import { type DeployErrorCode, deployError } from '../errors.ts'
import { CommandFailed } from '../host/host.ts'

/** Gives the failure of a command the code and the next step of its purpose. */
export async function orFail<T>(code: DeployErrorCode, hint: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof CommandFailed) throw deployError(code, error.message, hint, error)
    throw error
  }
}

export function orUploadFails<T>(action: () => Promise<T>): Promise<T> {
  return orFail('UPLOAD_FAILED', 'what answers now is untouched; run again', action)
}
