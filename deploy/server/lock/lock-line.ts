import { splitOnce } from '../pairs.ts'

/** First line of the file lock. */
export interface LockLine {
  /** Token of the holder; `-` for a lock that ends. */
  token: string
  /** Who it is, since when and why. */
  holder: string
}

/** A line without a token was written by an earlier version of ai-deploy. */
export function parseLockLine(line: string): LockLine {
  const [token, holder] = splitOnce(line, ' ')
  return /^(-|[0-9a-f]{32})$/.test(token) ? { token, holder } : { token, holder: line }
}
