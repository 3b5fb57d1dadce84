/** What an encrypted file begins with. */
export const AGE_HEADER = 'age-encryption.org/v1'

/** What its name ends with. */
export const ENCRYPTED = '.age'
