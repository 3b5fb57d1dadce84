import { MS_PER_DAY } from '../time.ts'
import { UserError } from '../user-error.ts'
import type { ObjectStoreSettings } from './requests.ts'
import { removeUpload, unfinishedUploads } from './unfinished-uploads.ts'

/** An upload that has taken longer will hardly be continued. */
export const ABANDONED_AFTER_MS = MS_PER_DAY

export interface Abandoned {
  /** What the keys begin with. */
  begin: string
  /** Of what follows in a key: others may use the same bucket. */
  isOurs: (name: string) => boolean
  /** Ids of uploads that will be continued. */
  continued?: ReadonlySet<string>
}

/**
 * Removes the parts of uploads that nobody continues any more, as those of a process that was killed or of a server that was
 * lost: a store keeps them, and they cost money. A store or a user that cannot list or remove them is left alone.
 */
export async function removeAbandoned(
  store: ObjectStoreSettings,
  { begin, isOurs, continued }: Abandoned,
): Promise<void> {
  try {
    for (const { key, id, startedMs } of await unfinishedUploads(store, begin)) {
      const isOld = startedMs < Date.now() - ABANDONED_AFTER_MS
      if (isOld && !continued?.has(id) && isOurs(key.slice(begin.length))) await removeUpload(store, key, id)
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
}
