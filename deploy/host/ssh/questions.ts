/** Questions that come up while connecting; null answers mean "no". */
export interface SshQuestions {
  acceptHostKey(host: string, type: string, fingerprint: string): Promise<boolean>
  passphrase(keyFile: string): Promise<string | null>
}
