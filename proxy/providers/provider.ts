import type { ApiName } from '../../kit/providers.ts'
import type { Exchange } from '../exchange/exchange.ts'

/** Somewhere that models are. */
export interface Provider {
  name: string
  /** What it serves. */
  apis: readonly ApiName[]
  /** The variable that holds its key, if it is not set. */
  missing?: string
  /** False while it would be no use to ask for this model. */
  ready?: (model: string) => boolean
  /** Answers the exchange; `body` is the client's, with this provider's name of the model. */
  send: (exchange: Exchange, body: Buffer) => void
  close?: () => Promise<void>
}
