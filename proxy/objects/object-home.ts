/** Where an object of a provider is, and whose it is. */
export interface ObjectHome {
  readonly provider: string
  /** Stands for the provider's key that made it; empty for a provider without keys. */
  readonly key: string
  /** The `owner` of the API key that it was made for; empty if the gateway had none. */
  readonly owner: string
}
