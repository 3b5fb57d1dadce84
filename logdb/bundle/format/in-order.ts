/**
 * Works on several items at the same time, and gives the results in the order of the items.
 * @param most how many at the same time
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  most: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = []
  for await (const item of items) {
    const result = work(item)
    // It may fail while another one is waited for; whoever waits for this one gets the error.
    result.catch(() => {})
    running.push(result)
    if (running.length === most) yield await (running.shift() as Promise<Result>)
  }
  for (const result of running) yield await result
}
