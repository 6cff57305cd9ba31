//! Who belongs to which group, and who has which role.

use std::collections::BTreeSet;
use std::future::Future;

use crate::audit::record;
use crate::database::{Row, Tx, sql};
use crate::error::refuse;
use crate::roles::ACCOUNT_OWNER;
use crate::{MetadataStore, NewAudit, StoreError};

/// One thing that belongs to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    UserInGroup { user: u32, group: u32 },
    RoleOfUser { user: u32, role: u32 },
    RoleOfGroup { group: u32, role: u32 },
}

/// All memberships of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MembershipList {
    /// User and group.
    pub members: Vec<(u32, u32)>,
    /// User and role.
    pub user_roles: Vec<(u32, u32)>,
    /// Group and role.
    pub group_roles: Vec<(u32, u32)>,
    /// API client and role.
    pub client_roles: Vec<(u32, u32)>,
}

/// Memberships one by one, and all of them.
pub trait Memberships {
    /// All of the account.
    fn memberships(
        &self,
        account_id: u32,
    ) -> impl Future<Output = Result<MembershipList, StoreError>> + Send;

    /// Adds one; one that is there stays. `NotFound` when either side is not the account's.
    fn add_membership(
        &self,
        account_id: u32,
        membership: Membership,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes one away; nothing happens to one that is not there. `NotFound` as above, or `LastOwner`.
    fn remove_membership(
        &self,
        account_id: u32,
        membership: Membership,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Memberships for MetadataStore {
    async fn memberships(&self, account_id: u32) -> Result<MembershipList, StoreError> {
        let pairs = |text: &'static str| {
            let read = |row: &Row| Ok((row.int(0)?, row.int(1)?));
            self.database.list("list memberships", sql(text).bind(account_id), read)
        };
        Ok(MembershipList {
            members: pairs(
                "SELECT m.user_id, m.group_id FROM group_members m JOIN users u ON u.id = m.user_id \
                 WHERE u.account_id = ? ORDER BY m.user_id, m.group_id",
            )
            .await?,
            user_roles: pairs(
                "SELECT r.user_id, r.role_id FROM user_roles r JOIN users u ON u.id = r.user_id \
                 WHERE u.account_id = ? ORDER BY r.user_id, r.role_id",
            )
            .await?,
            group_roles: pairs(
                "SELECT r.group_id, r.role_id FROM group_roles r JOIN user_groups g ON g.id = r.group_id \
                 WHERE g.account_id = ? ORDER BY r.group_id, r.role_id",
            )
            .await?,
            client_roles: pairs(
                "SELECT r.client_id, r.role_id FROM client_roles r JOIN api_clients c ON c.id = r.client_id \
                 WHERE c.account_id = ? ORDER BY r.client_id, r.role_id",
            )
            .await?,
        })
    }

    async fn add_membership(
        &self,
        account_id: u32,
        membership: Membership,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        let added = self.database.write("add a membership", |mut tx| async move {
            let table = own_sides(&mut tx, account_id, membership).await?;
            table.insert(&mut tx).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(added.await?)
    }

    async fn remove_membership(
        &self,
        account_id: u32,
        membership: Membership,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        let removed = self.database.write("remove a membership", |mut tx| async move {
            let table = own_sides(&mut tx, account_id, membership).await?;
            table.delete(&mut tx).await?;
            owner_remains(&mut tx, account_id).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(removed.await?)
    }
}

/// A row of one of the tables of pairs.
struct Pair {
    select: &'static str,
    insert: &'static str,
    delete: &'static str,
    sides: (u32, u32),
}

macro_rules! pair {
    ($table:literal, $one:literal, $other:literal, $sides:expr) => {
        Pair {
            select: concat!(
                "SELECT ",
                $one,
                " FROM ",
                $table,
                " WHERE ",
                $one,
                " = ? AND ",
                $other,
                " = ?"
            ),
            insert: concat!("INSERT INTO ", $table, " (", $one, ", ", $other, ") VALUES (?, ?)"),
            delete: concat!("DELETE FROM ", $table, " WHERE ", $one, " = ? AND ", $other, " = ?"),
            sides: $sides,
        }
    };
}

impl Pair {
    async fn insert(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        let (one, other) = self.sides;
        if tx.row(sql(self.select).bind(one).bind(other)).await?.is_none() {
            tx.execute(sql(self.insert).bind(one).bind(other)).await?;
        }
        Ok(())
    }

    async fn delete(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        let (one, other) = self.sides;
        tx.execute(sql(self.delete).bind(one).bind(other)).await.map(drop)
    }
}

async fn own_sides(
    tx: &mut Tx,
    account_id: u32,
    membership: Membership,
) -> Result<Pair, sqlx::Error> {
    Ok(match membership {
        Membership::UserInGroup { user, group } => {
            own_user(tx, account_id, user).await?;
            own_group(tx, account_id, group).await?;
            pair!("group_members", "user_id", "group_id", (user, group))
        }
        Membership::RoleOfUser { user, role } => {
            own_user(tx, account_id, user).await?;
            own_role(tx, account_id, role).await?;
            pair!("user_roles", "user_id", "role_id", (user, role))
        }
        Membership::RoleOfGroup { group, role } => {
            own_group(tx, account_id, group).await?;
            own_role(tx, account_id, role).await?;
            pair!("group_roles", "group_id", "role_id", (group, role))
        }
    })
}

pub(crate) async fn own_user(tx: &mut Tx, account_id: u32, id: u32) -> Result<(), sqlx::Error> {
    let select = sql("SELECT id FROM users WHERE id = ? AND account_id = ?");
    found(tx.row(select.bind(id).bind(account_id)).await?.is_some(), "user", id)
}

pub(crate) async fn own_group(tx: &mut Tx, account_id: u32, id: u32) -> Result<(), sqlx::Error> {
    let select = sql("SELECT id FROM user_groups WHERE id = ? AND account_id = ?");
    found(tx.row(select.bind(id).bind(account_id)).await?.is_some(), "group", id)
}

pub(crate) async fn own_role(tx: &mut Tx, account_id: u32, id: u32) -> Result<(), sqlx::Error> {
    let select = sql("SELECT id FROM roles WHERE id = ? AND account_id = ?");
    found(tx.row(select.bind(id).bind(account_id)).await?.is_some(), "role", id)
}

fn found(found: bool, what: &'static str, id: u32) -> Result<(), sqlx::Error> {
    if found { Ok(()) } else { Err(refuse(StoreError::NotFound { what, id: id.into() })) }
}

/// Makes these all the roles and groups of a user.
pub(crate) async fn set_of_user(
    tx: &mut Tx,
    account_id: u32,
    user: u32,
    roles: &[u32],
    groups: &[u32],
) -> Result<(), sqlx::Error> {
    tx.execute(sql("DELETE FROM user_roles WHERE user_id = ?").bind(user)).await?;
    for role in distinct(roles) {
        own_role(tx, account_id, role).await?;
        pair!("user_roles", "user_id", "role_id", (user, role)).insert(tx).await?;
    }
    tx.execute(sql("DELETE FROM group_members WHERE user_id = ?").bind(user)).await?;
    for group in distinct(groups) {
        own_group(tx, account_id, group).await?;
        pair!("group_members", "user_id", "group_id", (user, group)).insert(tx).await?;
    }
    Ok(())
}

/// Makes these all the members and roles of a group.
pub(crate) async fn set_of_group(
    tx: &mut Tx,
    account_id: u32,
    group: u32,
    users: &[u32],
    roles: &[u32],
) -> Result<(), sqlx::Error> {
    tx.execute(sql("DELETE FROM group_members WHERE group_id = ?").bind(group)).await?;
    for user in distinct(users) {
        own_user(tx, account_id, user).await?;
        pair!("group_members", "user_id", "group_id", (user, group)).insert(tx).await?;
    }
    tx.execute(sql("DELETE FROM group_roles WHERE group_id = ?").bind(group)).await?;
    for role in distinct(roles) {
        own_role(tx, account_id, role).await?;
        pair!("group_roles", "group_id", "role_id", (group, role)).insert(tx).await?;
    }
    Ok(())
}

/// Makes these all the roles of an API client.
pub(crate) async fn set_of_client(
    tx: &mut Tx,
    account_id: u32,
    client: u32,
    roles: &[u32],
) -> Result<(), sqlx::Error> {
    tx.execute(sql("DELETE FROM client_roles WHERE client_id = ?").bind(client)).await?;
    for role in distinct(roles) {
        own_role(tx, account_id, role).await?;
        pair!("client_roles", "client_id", "role_id", (client, role)).insert(tx).await?;
    }
    Ok(())
}

fn distinct(ids: &[u32]) -> BTreeSet<u32> {
    ids.iter().copied().collect()
}

/// Refuses to leave an account without anybody who may do everything.
pub(crate) async fn owner_remains(tx: &mut Tx, account_id: u32) -> Result<(), sqlx::Error> {
    let select = sql(
        "SELECT u.id FROM users u JOIN user_access a ON a.user_id = u.id WHERE u.account_id = ? \
         AND a.enabled = 1 AND (EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.id AND r.role_id = ?) \
         OR EXISTS (SELECT 1 FROM group_members m JOIN group_roles g ON g.group_id = m.group_id \
         WHERE m.user_id = u.id AND g.role_id = ?)) LIMIT 1",
    );
    let select = select.bind(account_id).bind(ACCOUNT_OWNER).bind(ACCOUNT_OWNER);
    if tx.row(select).await?.is_none() { Err(refuse(StoreError::LastOwner)) } else { Ok(()) }
}
