export interface CompareData {
  a: ComparedRequest
  b: ComparedRequest
  figures: ComparedFigure[]
  asked: LineDiff
  answered: LineDiff
}

export interface ComparedRequest {
  id: string
  /** `2025-09-15 10:30:00`, in UTC. */
  time: string
}

export interface ComparedFigure {
  name: string
  a: string
  b: string
  /** How much more or less the second one has. */
  change?: string
}

/** A row of two texts side by side. */
export type DiffRow =
  | { kind: 'same'; text: string }
  /** A line that only one of them has, or two that differ. */
  | { kind: 'changed'; a?: string; b?: string }
  /** Lines that are the same in both and are left out. */
  | { kind: 'skipped'; count: number }

export interface LineDiff {
  rows: DiffRow[]
  removed: number
  added: number
  /** True if there are more rows. */
  isCut: boolean
}
