import type { Exchange } from '../exchange.ts'

/** A chat completion to be made; `body` is the client's, with the provider's name of the model. */
interface ChatRequest {
  exchange: Exchange
  body: Buffer
}

/** Somewhere that models are. */
export interface Provider {
  name: string
  /** The variable that holds its key, if it is not set. */
  missing?: string
  completeChat: (request: ChatRequest) => void
  close?: () => Promise<void>
}
