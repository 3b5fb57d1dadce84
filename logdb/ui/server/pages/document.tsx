import { render } from 'preact-render-to-string'
import { Page } from '../../app/page.tsx'
import type { PageData } from '../../app/page-data.ts'
import type { Assets } from './assets/assets.ts'

/** The HTML of a page, with its content. */
export function documentHtml(data: PageData, { stylePath, scripts }: Assets): string {
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(data.title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<link rel="stylesheet" href="${stylePath}">`,
    ...(scripts ? scriptTags(scripts, data) : []),
  ]
  return `<!doctype html><html lang="en"><head>${head.join('')}</head><body>${render(<Page data={data} />)}</body></html>`
}

function scriptTags({ importMap, mainPath, paths }: NonNullable<Assets['scripts']>, data: PageData): string[] {
  return [
    `<script type="importmap">${importMap}</script>`,
    ...paths.map((path) => `<link rel="modulepreload" href="${path}">`),
    `<script type="application/json" id="data">${jsonInHtml(data)}</script>`,
    `<script type="module" src="${mainPath}"></script>`,
  ]
}

/** JSON that cannot end the element that it is in. */
function jsonInHtml(data: PageData): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** The policy for pages: nothing comes from elsewhere, and no script of a log runs. */
export function contentSecurityPolicy({ scripts }: Assets): string {
  const script = scripts ? `'self' 'sha256-${scripts.importMapHash}'` : "'none'"
  return [
    "default-src 'none'",
    `script-src ${script}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
