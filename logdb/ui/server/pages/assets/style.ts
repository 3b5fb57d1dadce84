/** Colours have a contrast of at least 4.5 on their background, in both schemes. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#fff, #14171a); --front: light-dark(#1b1f23, #e3e6e8); --soft: light-dark(#59636e, #a0a9b2);
  --line: light-dark(#d5dae0, #343a41); --raised: light-dark(#f4f6f8, #1d2126); --link: light-dark(#0b57b7, #7fb4ff);
  --good: light-dark(#1a6b34, #6fcf8b); --cut: light-dark(#8a5200, #e8b35c); --bad: light-dark(#b3201f, #ff8f87);
  --mark: light-dark(#fff0a8, #5c4a00);
  --removed: light-dark(#ffe3e0, #45201f); --added: light-dark(#dcf5e2, #14371f);
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--back); color: var(--front); font: 15px/1.5 system-ui, sans-serif }
a { color: var(--link) }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
main:focus { outline: none }
.skip { position: absolute; left: -999px }
.skip:focus { left: 8px; top: 8px; background: var(--back); padding: 4px 8px; z-index: 1 }
header { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; padding: 8px 16px; border-bottom: 1px solid var(--line) }
header nav { display: flex; gap: 16px }
header nav a { text-decoration: none; padding: 2px 0 }
header nav a[aria-current] { color: var(--front); font-weight: 600; border-bottom: 2px solid var(--link) }
.home { font-weight: 700; color: var(--front); text-decoration: none }
.quick { margin-left: auto; flex: 0 1 280px }
.quick input { width: 100% }
main { padding: 16px; max-width: 1500px; margin: 0 auto; width: 100%; flex: 1 }
h1 { font-size: 22px; margin: 0 0 12px }
h2 { font-size: 15px; margin: 0 0 4px }
input, button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--soft); border-radius: 6px; padding: 4px 8px; min-height: 32px }
button, .button { background: var(--raised); cursor: pointer }
.button { display: inline-block; border: 1px solid var(--soft); border-radius: 6px; padding: 4px 8px; min-height: 32px; text-decoration: none; color: inherit }
button[aria-pressed=true] { background: var(--link); border-color: var(--link); color: var(--back) }
.title { display: flex; flex-wrap: wrap; gap: 0 24px; align-items: baseline; justify-content: space-between }
.neighbours { display: flex; flex-wrap: wrap; gap: 0 16px } .neighbours a { padding: 2px 0 }
::placeholder { color: var(--soft); opacity: 1 }
.filters { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; margin-bottom: 16px }
.filters label { display: grid; font-size: 13px; color: var(--soft); flex: 1 1 120px; max-width: 220px }
.filters label.wide { max-width: 640px; flex-basis: 280px }
.filters input { color: var(--front); font-size: 15px; width: 100% }
.filters > a { align-self: center }
.note, .empty { color: var(--soft) }
.warnings { color: var(--cut) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { font-size: 13px; color: var(--soft); font-weight: 600 }
tbody tr { content-visibility: auto; contain-intrinsic-size: auto 34px }
.requests td, .requests th { white-space: nowrap }
.short { display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere }
.requests td.text { white-space: normal; min-width: 140px; max-width: 280px } .requests td.status { min-width: 60px } .requests .short { -webkit-line-clamp: 2 }
.errors td { overflow-wrap: anywhere; min-width: 90px }
details { margin-bottom: 6px }
.requests td.question { white-space: normal; overflow-wrap: anywhere; min-width: 260px; width: 35% }
.question a { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden }
.number, .time { font-variant-numeric: tabular-nums }
td.number { text-align: right }
.good .status { color: var(--good) } .cut .status { color: var(--cut) } .bad .status { color: var(--bad); font-weight: 600 }
.more { display: inline-block; padding: 8px 0 }
.facts { display: flex; flex-wrap: wrap; gap: 8px 24px; margin: 0 0 16px }
.facts dt { font-size: 13px; color: var(--soft) }
.facts dd { margin: 0; overflow-wrap: anywhere }
.tabs { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; border-bottom: 1px solid var(--line); margin-bottom: 16px }
.tabs > nav { display: flex; flex-wrap: wrap; gap: 0 16px }
.tabs a:not(.button) { padding: 6px 0; text-decoration: none }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 0 0 6px auto }
.actions > * { font-size: 13px; min-height: 28px; padding: 2px 8px }
.tabs a[aria-current] { margin-bottom: -1px; border-bottom: 2px solid var(--link); font-weight: 600; color: var(--front) }
.turns { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px }
.turn { border-left: 4px solid var(--line); padding: 8px 12px; background: var(--raised); border-radius: 0 6px 6px 0; min-width: 0; content-visibility: auto; contain-intrinsic-size: auto 120px }
.turn h2 { color: var(--soft); text-transform: capitalize }
.turn.user { border-color: var(--link) } .turn.assistant { border-color: var(--good) }
.turn.tool { border-color: var(--cut) } .turn.error { border-color: var(--bad) }
.said, pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 }
.said + * { margin-top: 8px }
pre { font: 13px/1.5 ui-monospace, monospace }
pre.json { background: var(--raised); padding: 12px; border-radius: 6px }
figure { margin: 8px 0 0; padding: 8px; border: 1px solid var(--line); border-radius: 6px }
figcaption, summary, .caption { font-size: 13px; color: var(--soft); font-weight: 600; margin: 0 }
summary { cursor: pointer }
figure .result { border-top: 1px dashed var(--line); margin-top: 8px; padding-top: 6px }
figure.image { border: 0; padding: 0 } figure.image img { display: block; max-width: 100%; max-height: 480px; border-radius: 6px }
.turn pre { max-height: 480px; overflow-y: auto }
.turn.error .said { color: var(--bad) }
.reasoning pre { color: var(--soft); padding: 4px 0 4px 12px; border-left: 2px solid var(--line) }
.markdown { overflow-wrap: anywhere } .markdown + * { margin-top: 8px }
.markdown > :first-child { margin-top: 0 } .markdown > :last-child { margin-bottom: 0 }
.markdown h3, .markdown h4, .markdown h5, .markdown h6 { margin: 12px 0 4px; font-size: 15px }
.markdown h3 { font-size: 17px }
.markdown p, .markdown ul, .markdown ol, .markdown blockquote, .markdown pre { margin: 6px 0 }
.markdown blockquote { border-left: 3px solid var(--line); padding-left: 12px; color: var(--soft) }
.markdown code, pre.code { background: var(--back); border: 1px solid var(--line); border-radius: 4px }
.markdown code { padding: 0 4px; font: 13px ui-monospace, monospace }
pre.code { padding: 8px 12px }
.token-cmnt { color: var(--soft); font-style: italic } .token-str, .token-insert { color: var(--good) }
.token-kwd, .token-oper, .token-deleted { color: var(--bad) } .token-num, .token-bool, .token-esc { color: var(--cut) }
.token-func, .token-class, .token-type, .token-var, .token-section { color: var(--link) }
.tree, .tree ul { list-style: none; margin: 0; padding-left: 18px }
.tree { font: 13px/24px ui-monospace, monospace; background: var(--raised); padding: 12px; border-radius: 6px; overflow-wrap: anywhere }
.tree details { margin: 0 } .tree li { content-visibility: auto; contain-intrinsic-size: auto 24px }
.tree summary { color: inherit; font-weight: 400 } .tree .name { color: var(--link) } .tree .size { color: var(--soft) }
.tree .closed { display: block; text-decoration: none } .tree .closed::before { content: '▸ ' }
.tree .preview { color: var(--soft) } .tree details[open] > summary > .preview { display: none }
.tree .value { white-space: pre-wrap } .tree .string { color: var(--good) } .tree .number, .tree .boolean { color: var(--cut) }
.tree .null { color: var(--soft) }
.breadcrumb { margin-bottom: 8px; overflow-wrap: anywhere }
figure.refusal figcaption { color: var(--bad) }
.timing { max-width: 800px } .timing svg { display: block; width: 100%; height: 16px } .timing rect { fill: var(--link) }
.timing .whole { fill: var(--line) } .timing td:last-child { width: 60% } .timing.moments { margin-top: 16px } .timing td.number { white-space: nowrap }
figure.chart { padding: 12px; margin: 0 0 16px }
.chart svg { display: block; width: 100%; height: 140px }
.chart rect { fill: var(--link) } .chart rect.errors { fill: var(--bad) } .chart rect.area { fill: transparent }
.chart a:hover rect.area, .chart a:focus-visible rect.area { fill: var(--mark); fill-opacity: 0.5 }
.chart p { display: flex; justify-content: space-between; margin: 4px 0 0; font-size: 13px; color: var(--soft) }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 0 16px }
.charts .chart:first-child { grid-column: 1 / -1 }
.charts figcaption { margin-bottom: 4px } .u-over { cursor: pointer }
.charts .u-legend { font-size: 13px; text-align: left; margin: 0; width: 100% } .charts .u-legend tr:first-child { display: block; min-height: 26px } .charts .u-legend tr { content-visibility: visible }
.charts .u-legend th, .charts .u-legend td { border: 0; padding: 2px 4px 2px 0; color: var(--front) }
.charts .u-cursor-x { border-color: var(--soft) }
.figure-table td, .figure-table thead th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.figure-table { margin-bottom: 16px } .figure-table tbody th { color: var(--front); overflow-wrap: anywhere; min-width: 140px }
.figure-table th a { display: inline-block; line-height: 24px } .figure-table th a:first-child { max-width: min(320px, 50vw); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom } .chart-link { margin-left: 8px; font-weight: 400 } .by-time { margin-bottom: 16px }
.hits { padding-left: 20px } .hits li { margin-bottom: 12px } .hits p { margin: 2px 0; overflow-wrap: anywhere }
mark { background: var(--mark); color: inherit }
.step { margin-bottom: 28px } .step figure.image img { max-height: 140px }
.figures td { overflow-wrap: anywhere; max-width: 420px } .figures .differs td { font-weight: 600 }
.diff-part { margin-top: 24px }
.diff { table-layout: fixed; font: 13px/1.5 ui-monospace, monospace }
.diff td { white-space: pre-wrap; overflow-wrap: anywhere; border: 0; padding: 0 8px }
.diff td + td { border-left: 1px solid var(--line) }
.diff .removed { background: var(--removed) } .diff .added { background: var(--added) } .diff .missing { background: var(--raised) }
.diff .skipped td { color: var(--soft); text-align: center; background: var(--raised); padding: 4px }
.sign { font-weight: 700 }
.picked { position: sticky; bottom: 0; display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; justify-content: center; background: var(--raised); border-top: 1px solid var(--line); padding: 8px 16px }
.picked:empty { display: none }
dialog.keys { border: 1px solid var(--soft); border-radius: 8px; background: var(--back); color: var(--front); padding: 16px 20px; max-width: min(480px, calc(100vw - 32px)) }
dialog.keys::backdrop { background: #0008 }
dialog.keys h2 { font-size: 18px } dialog.keys th { font-size: 15px; white-space: nowrap } dialog.keys table { margin-bottom: 12px }
kbd { font: 13px ui-monospace, monospace; border: 1px solid var(--soft); border-radius: 4px; padding: 1px 6px; color: var(--front) }
@media (max-width: 700px) {
  main { padding: 12px }
  .quick { order: 9; flex-basis: 100%; margin: 0 }
  .requests thead { position: absolute; left: -9999px }
  .requests, .requests tbody, .requests tr, .requests td { display: block; width: 100% }
  .requests tr { padding: 8px 0; border-bottom: 1px solid var(--line) }
  .requests td { border: 0; padding: 0 }
  .requests td.text, .requests td.status { min-width: 0 }
  .requests td:not(.question) { display: inline-block; width: auto; max-width: 100%; vertical-align: middle; margin-right: 12px; font-size: 13px; color: var(--soft) }
  .requests td:empty { display: none }
  .requests td.question { min-width: 0; width: 100% }
}
@media print {
  :root { color-scheme: light }
  header, .filters, .tabs, .more, .picked, .neighbours, .skip { display: none }
  .turn, tbody tr, .tree li { content-visibility: visible; break-inside: avoid }
  .short { display: block } .turn pre { max-height: none } .turn { break-inside: auto }
  a { color: inherit; text-decoration: none }
}
`
