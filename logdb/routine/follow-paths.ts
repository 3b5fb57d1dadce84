/** Paths of the logs and the log database. */
export interface Folders {
  from: string
  out: string
}

/**
 * Names the folders in every text of a report as they are called here: `ingest --follow`, perhaps in another container, may
 * call them otherwise.
 * @param report as it came, in JSON
 */
export function inPathsOf<T>(here: Folders, there: Folders, report: T): T {
  const pairs: [there: string, here: string][] = [
    [there.out, here.out],
    [there.from, here.from],
  ]
  // The one that may be in the other comes first, and what was renamed is not renamed again.
  pairs.sort(([one], [other]) => other.length - one.length)
  const renamed = (text: string) => {
    const marked = pairs.reduce((done, [path], index) => done.replaceAll(path, `\0${index}`), text)
    return pairs.reduce((done, [, path], index) => done.replaceAll(`\0${index}`, path), marked)
  }
  return JSON.parse(JSON.stringify(report), (_, value) => (typeof value === 'string' ? renamed(value) : value)) as T
}
