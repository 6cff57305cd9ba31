// What the signed-in user may. The server decides; the page hides and disables what would be refused anyway.
import { useSession } from '../api/session'

export type Permission = 'view' | 'configure' | 'delete' | 'sensitive-data' | 'administer-users' | 'administer-account' | 'view-audit' | 'view-system'

/** Asks whether a permission is held over an application, or over the account. */
export type May = (permission: Permission, application?: number | string) => boolean

export function useMay(): May {
  const held = useSession().data?.permissions
  return (permission, application) => {
    if (!held) return false
    if (held.account.includes(permission)) return true
    return application !== undefined && (held.applications[String(application)] ?? []).includes(permission)
  }
}
