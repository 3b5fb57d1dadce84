/** A part of a turn as a page shows it. */
export interface Part {
  kind: 'text' | 'reasoning' | 'refusal' | 'call' | 'result' | 'citation' | 'note'
  name?: string
  text: string
  /** What a call and its result share. */
  callId?: string
  /** Length of the whole text in characters, if it is cut. */
  cutFrom?: number
  /** Number of the image among those of the request, from 0. */
  image?: number
}

export interface Turn {
  /** From 1, in its request. */
  number?: number
  role: string
  parts: Part[]
}
