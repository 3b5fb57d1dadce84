/** What became of the requests of a bundle. */
export interface ImportReport {
  /** Stored now, or would be. */
  imported: number
  /** Stored already, with the same content. */
  identical: number
  /** Ids of those that are stored with another content, which stays. */
  conflicting: string[]
  /** Left out because they were forgotten here. */
  forgotten: number
  /** Left out because they are older than what is retained. */
  tooOld: number
  /** Requests of the log database that were removed because they were forgotten where the bundle comes from. */
  removed: number
  /** Paths of the partitions that were changed. */
  partitions: string[]
  /** Paths of those that were sealed until then. */
  unsealed: string[]
}

export function newReport(): ImportReport {
  const none = { imported: 0, identical: 0, forgotten: 0, tooOld: 0, removed: 0 }
  return { ...none, conflicting: [], partitions: [], unsealed: [] }
}
