import { sha256 } from '../../../kit/sha256.ts'

/** Short name for a thing that must be built again when one of its ingredients changes. */
export function shortHash(...ingredients: string[]): string {
  return sha256(JSON.stringify(ingredients)).slice(0, 10)
}
