/** Of the list of requests, and of the admin page. */
export const LIST_STYLE = `
.live { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; margin: 0 0 12px; min-height: 32px }
.dot::before { content: '●'; margin-right: 6px; color: var(--soft) }
.dot.on::before { color: var(--good) }
.bar { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: start; margin-bottom: 8px }
.exports { display: flex; gap: 12px; margin: 0; padding: 5px 0 }
.bar .live { margin: 0 }
.filters details { flex-basis: 100%; margin: 0 }
.filters details .filters { margin: 8px 0 0 }
.filters select { font: inherit; color: var(--front); background: var(--back); border: 1px solid var(--soft); border-radius: 6px; padding: 4px 8px; min-height: 32px; width: 100% }
.menu { position: relative; margin: 0 }
.menu summary { padding: 6px 0; cursor: pointer }
.menu ul { list-style: none; margin: 4px 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 16px }
.menu a[aria-current=true]::before { content: '✓ ' }
.menu .save { display: flex; gap: 8px }
.requests th a { color: inherit; text-decoration: none }
.requests th[aria-sort] a::after { content: ' ↑' } .requests th[aria-sort=descending] a::after { content: ' ↓' }
.requests .choice { width: 28px; padding-right: 4px }
.choice input { min-height: 0; width: 18px; height: 18px; margin: 2px 0 }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.danger { color: var(--bad); border-color: var(--bad) }
.jobs { list-style: none; padding: 0 } .jobs li { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 4px 0; overflow-wrap: anywhere }
.news { border-color: var(--link); color: var(--link); font-weight: 600 }
@media print { .bar, .choice { display: none } }
`
