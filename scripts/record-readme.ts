import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DARK, drawTerminal, LIGHT } from './recording/draw-terminal.ts'
import { recordSession } from './recording/record-session.ts'

/** Draws the pictures of the README again: runs the real programs, and draws what they print. Needs curl and sshd. */
const images = join(import.meta.dirname, '../docs/images')
const session = await recordSession()
mkdirSync(images, { recursive: true })
writeFileSync(join(images, 'terminal-light.svg'), drawTerminal(session, LIGHT))
writeFileSync(join(images, 'terminal-dark.svg'), drawTerminal(session, DARK))
for (const { comment, command, output } of session) console.log(`# ${comment}\n$ ${command}\n${output}`)
