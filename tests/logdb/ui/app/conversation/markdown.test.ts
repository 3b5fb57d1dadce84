import { h } from 'preact'
import { render } from 'preact-render-to-string'
import { expect, test } from 'vitest'
import { Markdown } from '../../../../../logdb/ui/app/on-demand/markdown.tsx'

const html = (text: string) => render(h(Markdown, { text }))

test('the usual forms of Markdown', () => {
  expect(html('# A\n\n**b** *c* `d<` ~~e~~ &lt;\n\n> f')).toBe(
    '<div class="markdown" dir="auto"><h3>A</h3><p><strong>b</strong> <em>c</em> <code>d&lt;</code> <del>e</del> &lt;</p>' +
      '<blockquote><p>f</p></blockquote></div>',
  )
  expect(html('3. a\n4. b')).toContain('<ol start="3"><li><span>a</span></li><li><span>b</span></li></ol>')
  expect(html('- [x] done\n- [ ] open')).toMatch(/☑ .*done.*☐ .*open/)
  expect(html('|a|\n|-|\n|b|')).toMatch(/<th>a<\/th>.*<td>b<\/td>/)
  expect(html('```ts\nlet a\n```')).toContain('<pre class="code" dir="ltr">let a</pre>')
})

test('HTML is text, pictures are not fetched, and links lead only to the web or a mail', () => {
  const hostile =
    '<script>run()</script>\n\n<img src=x onerror=run()> ![p](https://evil.example/p.png) [l](javascript:run())'
  const shown = html(hostile)
  expect(shown).not.toMatch(/<script|<img|href="javascript/i)
  expect(shown).toContain('&lt;script>run()&lt;/script>')
  expect(shown).toContain('<a href="https://evil.example/p.png" rel="noopener noreferrer" target="_blank">Image: p</a>')
  expect(html('[l](https://a.example)')).toContain('<a href="https://a.example" rel="noopener noreferrer"')
})
