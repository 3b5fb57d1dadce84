import { AdminPage } from './admin/admin-page.tsx'
import { ComparePage } from './compare/compare-page.tsx'
import { DialogPage } from './dialog-page.tsx'
import { Layout } from './layout.tsx'
import { OverviewPage } from './overview/overview-page.tsx'
import type { LoginData, PageData, ProblemData } from './page-data.ts'
import { RequestPage } from './request/request-page.tsx'
import { RequestsPage } from './requests/requests-page.tsx'
import { SearchPage } from './search-page.tsx'
import { sentence } from './shown.ts'

/** Any page, the same on the server and in the browser. */
export function Page({ data }: { data: PageData }) {
  return (
    <Layout isOpen={data.kind !== 'login'} isAdmin={data.isAdmin === true} place={PLACES[data.kind]}>
      <Content data={data} />
    </Layout>
  )
}

/** Path of the page in the navigation that each kind belongs to. */
const PLACES: Partial<Record<PageData['kind'], string>> = {
  overview: '/ui/overview',
  requests: '/ui/requests',
  search: '/ui/search',
  admin: '/ui/admin',
}

function Content({ data }: { data: PageData }) {
  switch (data.kind) {
    case 'overview':
      return <OverviewPage {...data.overview} />
    case 'requests':
      return <RequestsPage {...data.list} />
    case 'request':
      return <RequestPage {...data.request} />
    case 'compare':
      return <ComparePage {...data.compare} />
    case 'admin':
      return <AdminPage {...data.admin} />
    case 'dialog':
      return <DialogPage {...data.dialog} />
    case 'search':
      return <SearchPage {...data.search} />
    case 'login':
      return <LoginPage {...data.login} />
    case 'problem':
      return <ProblemPage {...data.problem} />
  }
}

function LoginPage({ problem, next, hasKeys }: LoginData) {
  return (
    <>
      <h1>Log in</h1>
      {problem !== undefined && (
        <p class="warnings" role="alert">
          {problem}
        </p>
      )}
      <p>
        Open the link that <code>logdb ui</code> printed
        {hasKeys ? ', or type a key' : '. Start it again for a new link'}.
      </p>
      {hasKeys && (
        <form class="filters" method="post" action="/ui/login">
          <input type="hidden" name="next" value={next} />
          <label class="wide">
            Key
            <input type="password" name="key" autoComplete="current-password" required />
          </label>
          <button type="submit">Log in</button>
        </form>
      )}
    </>
  )
}

function ProblemPage({ message, hint }: ProblemData) {
  return (
    <>
      <h1>That did not work</h1>
      <p role="alert">{sentence(message)}</p>
      {hint !== undefined && <p class="note">{sentence(hint)}</p>}
      <p>
        <a href="/ui/requests">All requests</a>
      </p>
    </>
  )
}
