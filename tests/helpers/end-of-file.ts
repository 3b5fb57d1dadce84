const cleanups: (() => unknown)[] = []

/** Does this when all tests of the running file have ended; the last one first. For helpers, which many files share. */
export function atEndOfFile(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

/** Called by setup.ts after each file. */
export async function endFile(): Promise<void> {
  for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup()
}
