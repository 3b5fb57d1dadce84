/** A text without lone surrogates and NUL, which SQLite's text cannot hold or many of its readers stop at. */
export const storableText = (text: string) => text.toWellFormed().replaceAll('\0', '\uFFFD')
