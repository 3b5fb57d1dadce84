import type { S3Target } from '../../../kit/backup-copy/copy-settings.ts'
import { removeUpload, unfinishedUploads } from '../../../kit/object-store/unfinished-uploads.ts'
import { MS_PER_DAY } from '../../../kit/time.ts'
import { UserError } from '../../../kit/user-error.ts'
import { keyOf } from './bundle-place.ts'

/** An upload that has taken longer will hardly be continued. */
const ABANDONED_AFTER_MS = MS_PER_DAY

/**
 * Removes the parts of uploads that nobody continues any more, as those of a server that was lost: a store keeps them, and
 * they cost money. A store or a user that cannot list or remove them is left alone.
 * @param isOurs of the name of a file
 * @param ids of uploads that will be continued
 */
export async function removeAbandoned(
  target: S3Target,
  isOurs: (name: string) => boolean,
  ids: ReadonlySet<string>,
): Promise<void> {
  const begin = keyOf(target, '')
  try {
    for (const { key, id, startedMs } of await unfinishedUploads(target.store, begin)) {
      const isOld = startedMs < Date.now() - ABANDONED_AFTER_MS
      if (isOld && !ids.has(id) && isOurs(key.slice(begin.length))) await removeUpload(target.store, key, id)
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
}
