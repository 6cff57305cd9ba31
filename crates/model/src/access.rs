//! Who may do what: a closed list of permissions, each held over the whole account or over single applications.
//!
//! What of the routes needs which permission stands in the API's table of routes; who has which in the metadata store.

use std::{collections::BTreeMap, fmt};

use crate::id::EntityId;

/// What one may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Permission {
    /// See applications with their figures, traces, logs and rules.
    View = 0,
    /// Change how applications are watched.
    Configure = 1,
    /// Take away what was made for applications: rules, policies, dashboards.
    Delete = 2,
    /// See values that may tell of people: statements, URLs, attributes and bodies of log records.
    SensitiveData = 3,
    /// Make, change and remove users, groups and roles.
    AdministerUsers = 4,
    /// Access keys, API clients and settings of the account.
    AdministerAccount = 5,
    /// Read who did what.
    ViewAudit = 6,
    /// See how Vedette itself is: storage, limits, refusals, attempts to report.
    ViewSystem = 7,
}

impl Permission {
    pub const ALL: [Permission; 8] = [
        Permission::View,
        Permission::Configure,
        Permission::Delete,
        Permission::SensitiveData,
        Permission::AdministerUsers,
        Permission::AdministerAccount,
        Permission::ViewAudit,
        Permission::ViewSystem,
    ];

    /// The word that is stored and spoken to programs.
    pub fn name(self) -> &'static str {
        match self {
            Permission::View => "view",
            Permission::Configure => "configure",
            Permission::Delete => "delete",
            Permission::SensitiveData => "sensitive-data",
            Permission::AdministerUsers => "administer-users",
            Permission::AdministerAccount => "administer-account",
            Permission::ViewAudit => "view-audit",
            Permission::ViewSystem => "view-system",
        }
    }

    /// The permission of that word.
    pub fn of_name(name: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|permission| permission.name() == name)
    }

    /// What it allows, to end "may ...".
    pub fn sentence(self) -> &'static str {
        match self {
            Permission::View => "see applications with their figures, traces, logs and rules",
            Permission::Configure => "change how applications are watched",
            Permission::Delete => "delete what was made for applications",
            Permission::SensitiveData => {
                "see statements, URLs, attributes and bodies of log records as they were reported"
            }
            Permission::AdministerUsers => "make, change and remove users, groups and roles",
            Permission::AdministerAccount => "manage access keys, API clients and settings",
            Permission::ViewAudit => "read the audit log",
            Permission::ViewSystem => "see how Vedette itself is: storage, limits, refusals",
        }
    }

    /// Whether it can be held over a single application.
    pub fn is_of_applications(self) -> bool {
        matches!(
            self,
            Permission::View
                | Permission::Configure
                | Permission::Delete
                | Permission::SensitiveData
        )
    }

    fn bit(self) -> u16 {
        1 << self as u8
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Some permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u16);

impl Permissions {
    pub fn insert(&mut self, permission: Permission) {
        self.0 |= permission.bit();
    }

    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }
}

/// One permission, over the account or over one application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    pub permission: Permission,
    /// None: all of the account, applications to come included.
    pub application: Option<EntityId>,
}

impl Grant {
    /// Over all of the account.
    pub fn everywhere(permission: Permission) -> Grant {
        Grant { permission, application: None }
    }

    /// Over one application.
    pub fn within(permission: Permission, application: EntityId) -> Grant {
        Grant { permission, application: Some(application) }
    }

    /// Whether it can be granted: over one application only what is of applications.
    pub fn is_sound(self) -> bool {
        self.application.is_none() || self.permission.is_of_applications()
    }
}

/// All that somebody may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    account: Permissions,
    applications: BTreeMap<EntityId, Permissions>,
}

impl FromIterator<Grant> for Rights {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Rights {
        let mut rights = Rights::default();
        for grant in grants.into_iter().filter(|grant| grant.is_sound()) {
            match grant.application {
                None => rights.account.insert(grant.permission),
                Some(id) => rights.applications.entry(id).or_default().insert(grant.permission),
            }
        }
        rights
    }
}

impl Rights {
    /// Everything, everywhere.
    pub fn all() -> Rights {
        Permission::ALL.into_iter().map(Grant::everywhere).collect()
    }

    /// Whether it is held over all of the account.
    pub fn everywhere(&self, permission: Permission) -> bool {
        self.account.has(permission)
    }

    /// Whether it is held over this application, by itself or with the account.
    pub fn within(&self, permission: Permission, application: EntityId) -> bool {
        self.everywhere(permission)
            || self.applications.get(&application).is_some_and(|held| held.has(permission))
    }

    /// Whether it is held over an application, or over all of the account where none is given.
    pub fn over(&self, permission: Permission, application: Option<EntityId>) -> bool {
        match application {
            None => self.everywhere(permission),
            Some(application) => self.within(permission, application),
        }
    }

    /// Whether it is held over anything at all.
    pub fn somewhere(&self, permission: Permission) -> bool {
        self.everywhere(permission) || self.applications.values().any(|held| held.has(permission))
    }

    /// The applications over which it is held one by one.
    pub fn applications(&self, permission: Permission) -> impl Iterator<Item = EntityId> + '_ {
        let held = self.applications.iter().filter(move |(_, held)| held.has(permission));
        held.map(|(application, _)| *application)
    }

    /// Whether these hold all that `other` does: nobody may give away, or take over, more than he has.
    pub fn cover(&self, other: &Rights) -> bool {
        other.grants().all(|grant| match grant.application {
            None => self.everywhere(grant.permission),
            Some(application) => self.within(grant.permission, application),
        })
    }

    /// One by one: the account's first.
    pub fn grants(&self) -> impl Iterator<Item = Grant> + '_ {
        let account = self.account.iter().map(Grant::everywhere);
        account.chain(self.applications.iter().flat_map(|(application, held)| {
            held.iter().map(move |permission| Grant::within(permission, *application))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: EntityId = EntityId(7);
    const BANK: EntityId = EntityId(8);

    #[test]
    fn every_permission_is_known_by_its_own_name() {
        for permission in Permission::ALL {
            assert_eq!(Permission::of_name(permission.name()), Some(permission));
        }
        assert_eq!(Permission::of_name("View"), None);
    }

    #[test]
    fn a_permission_of_one_application_is_none_of_another() {
        let rights: Rights = [Grant::within(Permission::View, SHOP)].into_iter().collect();
        assert!(rights.within(Permission::View, SHOP));
        assert!(!rights.within(Permission::View, BANK));
        assert!(!rights.within(Permission::Configure, SHOP));
        assert!(!rights.everywhere(Permission::View));
        assert!(rights.over(Permission::View, Some(SHOP)));
        assert!(!rights.over(Permission::View, Some(BANK)) && !rights.over(Permission::View, None));
        assert!(rights.somewhere(Permission::View));
        assert_eq!(rights.applications(Permission::View).collect::<Vec<_>>(), [SHOP]);
    }

    #[test]
    fn a_permission_of_the_account_holds_in_every_application() {
        let rights: Rights = [Grant::everywhere(Permission::Delete)].into_iter().collect();
        assert!(rights.within(Permission::Delete, BANK));
        assert!(rights.applications(Permission::Delete).next().is_none());
    }

    #[test]
    fn what_is_not_of_applications_cannot_be_held_over_one() {
        let unsound = Grant::within(Permission::AdministerUsers, SHOP);
        let rights: Rights = [unsound].into_iter().collect();
        assert!(!unsound.is_sound());
        assert_eq!(rights, Rights::default());
    }

    #[test]
    fn rights_cover_what_they_hold_and_no_more() {
        let narrow: Rights = [Grant::within(Permission::View, SHOP)].into_iter().collect();
        let wide: Rights = [Grant::everywhere(Permission::View)].into_iter().collect();
        assert!(wide.cover(&narrow) && wide.cover(&wide) && Rights::all().cover(&wide));
        assert!(!narrow.cover(&wide));
        assert_eq!(wide.grants().collect::<Vec<_>>(), [Grant::everywhere(Permission::View)]);
    }
}
