/** What stands in the place of a body that was removed, in canonical form. */
export const REMOVED_BODY = '{"_removed": true}'
