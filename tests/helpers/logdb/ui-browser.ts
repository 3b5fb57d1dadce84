import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { needing } from '../needs.ts'
import { sharedTempFolder } from '../temp-folder.ts'
import { startLogdb } from './cli-child.ts'
import { jsonl, type record } from './logs.ts'
import { hasSqlite } from './sqlite-test.ts'
import { type Workspace, workspace } from './workspace.ts'

const CHROMIUM = '/usr/bin/chromium'
const canRun = hasSqlite && existsSync(CHROMIUM)

/** A test of the Logs UI in a real browser. */
export const browserTest = needing('chromium or better-sqlite3', canRun)

interface Seen {
  /** Errors and warnings in the console, such as those of the content security policy. */
  problems: string[]
  /** Documents that were loaded: a page that is open needs no other one. */
  documents: string[]
}

type BrowserOptions = Parameters<Browser['newPage']>[0]

/** The Logs UI of the compiled logdb, and a browser, for one test file. */
export interface UiInBrowser {
  readonly origin: string
  /** Logs in once. */
  readonly loginUrl: string
  readonly browser: Browser
  readonly space: Workspace
  /** A page that is logged in with a key. */
  open(path: string, options?: BrowserOptions & { key?: string }): Promise<Page & { seen: Seen }>
}

/** @param environment of the UI; the first of LOGUI_API_KEYS opens pages */
export function uiInBrowser(
  records: readonly ReturnType<typeof record>[],
  environment: Record<string, string> & { LOGUI_API_KEYS: string },
): UiInBrowser {
  const folder = sharedTempFolder()
  const started = { loginUrl: '', child: undefined as ReturnType<typeof startLogdb> | undefined }
  let browser: Browser
  let space: Workspace
  beforeAll(async () => {
    if (!canRun) return
    space = workspace(folder)
    space.write('requests-x.jsonl', jsonl([...records]))
    await space.ingest()
    started.child = startLogdb(['ui', '--no-open', '--port', '0'], { cwd: folder, env: environment })
    started.loginUrl = await firstLineOf(started.child)
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    started.child?.kill('SIGTERM')
    await browser?.close()
  })
  return {
    get origin() {
      return new URL(started.loginUrl).origin
    },
    get loginUrl() {
      return started.loginUrl
    },
    get browser() {
      return browser
    },
    get space() {
      return space
    },
    async open(path, { key = environment.LOGUI_API_KEYS, ...options } = {}) {
      const page = await browser.newPage(options)
      onTestFinished(() => page.close())
      return await openPage(page, `${this.origin}${path}`, key)
    },
  }
}

async function openPage(page: Page, url: string, key: string): Promise<Page & { seen: Seen }> {
  const { origin } = new URL(url)
  await page.goto(`${origin}/ui/login`)
  await page.fill('input[name=key]', key)
  await page.press('input[name=key]', 'Enter')
  await page.waitForURL('**/ui/requests')
  const seen: Seen = { problems: [], documents: [] }
  page.on('console', (message) => seen.problems.push(message.text()))
  page.on('pageerror', (error) => seen.problems.push(String(error)))
  page.on('request', (request) => {
    if (request.resourceType() === 'document') seen.documents.push(request.url())
    if (!request.url().startsWith(origin)) seen.problems.push(request.url())
  })
  await page.goto(url)
  await page.waitForLoadState('networkidle')
  return Object.assign(page, { seen })
}

async function firstLineOf({ stdout, stderr }: ReturnType<typeof startLogdb>): Promise<string> {
  let problems = ''
  stderr?.on('data', (text) => {
    problems += text
  })
  const [text] = await Promise.race([once(stdout ?? process.stdin, 'data'), once(stdout ?? process.stdin, 'end')])
  if (text === undefined) throw new Error(problems)
  return String(text).trim()
}
