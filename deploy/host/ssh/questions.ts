/** Questions that come up while connecting; null answers mean "no". */
export interface SshQuestions {
  /** @param command shows the fingerprint on the server itself */
  acceptHostKey(host: string, type: string, fingerprint: string, command: string): Promise<boolean>
  /** @param isRetry the previous answer was wrong */
  passphrase(keyFile: string, isRetry: boolean): Promise<string | null>
}
