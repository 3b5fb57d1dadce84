/**
 * A number with what it counts, as `1 request` or `2 requests`.
 * @param several what it counts, and what is said of it
 * @param one the same of a single one; by default without the -s of the first noun
 */
export function counted(count: number, several: string, one = several.replace(/s\b/, '')): string {
  return `${count} ${count === 1 ? one : several}`
}
