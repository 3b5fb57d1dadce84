import { sha256 } from '../../kit/sha256.ts'
import * as files from '../remote/files.ts'
import { liveRelease } from '../server/facts.ts'
import { READY_FILE, type ReadyMark, renderReadyMark } from '../server/state.ts'
import type { Server } from './definition.ts'

/** Keeps with a release whether it is a target of rollbacks. On a full disk a mark that cannot be written is only missed. */
export async function writeReadyMark({ host, layout }: Server, mark: ReadyMark): Promise<void> {
  const stdin = renderReadyMark(mark)
  await host.exec(files.writeFile(`${layout.release(mark.release)}/${READY_FILE}`, '644', sha256(stdin)), { stdin })
}

/**
 * From now on the release is a target of rollbacks. So is the one that answers now, which an earlier version may not have
 * marked.
 */
export async function markReady(server: Server, release: string, why: string): Promise<void> {
  const { facts, now, actor, verb } = server
  const isMarked = (id: string) => facts.readyMarks.some((mark) => mark.release === id)
  const mark = { release, at: now.toISOString(), by: actor, verb, why }
  const live = liveRelease(facts)?.manifest
  const marks = [mark, ...(live ? [{ release: live.id, at: live.createdAt, by: '', verb: '', why: '' }] : [])]
  for (const one of marks.filter((mark) => !isMarked(mark.release))) await writeReadyMark(server, one)
}
