import { sha256 } from '../../kit/sha256.ts'
import * as files from '../remote/files.ts'
import { READY_FILE, type ReadyMark, renderReadyMark } from '../server/state.ts'
import type { Server } from './definition.ts'

/** Keeps with a release whether it is a target of rollbacks. On a full disk a mark that cannot be written is only missed. */
export async function writeReadyMark({ host, layout }: Server, mark: ReadyMark): Promise<void> {
  const stdin = renderReadyMark(mark)
  await host.exec(files.writeFile(`${layout.release(mark.release)}/${READY_FILE}`, '644', sha256(stdin)), { stdin })
}
