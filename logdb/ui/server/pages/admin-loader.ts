import type { FastifyRequest } from 'fastify'
import type { PageData } from '../../app/page-data.ts'
import type { Access } from '../access/ui-keys.ts'
import { adminData } from '../api/admin-routes.ts'
import type { UiParts } from '../ui-parts.ts'

/** Health and jobs, for admins only. @throws UserError, UiProblem */
export async function adminPage(_request: FastifyRequest, access: Access, parts: UiParts): Promise<PageData> {
  parts.gate.requireAdmin(access)
  return { title: 'Admin', kind: 'admin', admin: await adminData(parts) }
}
