import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { serveCorpus } from './ui-pictures/serve-corpus.ts'
import { takePictures } from './ui-pictures/take-pictures.ts'

/** Takes the pictures of docs/ui.md again, from fixed requests. Needs chromium, and `npm run build` before it. */
const KEY = 'a-key-for-the-pictures'
const folder = join(import.meta.dirname, '../docs/images/ui')
mkdirSync(folder, { recursive: true })
const ui = await serveCorpus(KEY)
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
await takePictures(browser, { origin: ui.origin, key: KEY }, (name, png) => {
  writeFileSync(join(folder, name), png)
  console.log(`${name} ${Math.round(png.length / 1000)} kB`)
})
await browser.close()
await ui.stop()
