export const BYTES_PER_MIB = 1024 ** 2
