//! Roles: named sets of permissions, of users, groups and API clients.

use std::future::Future;

use model::access::{Grant, Permission, Rights};
use model::id::EntityId;

use crate::audit::{record, record_made};
use crate::database::{Row, Tx, sql};
use crate::error::refuse;
use crate::name::{fits, name_key};
use crate::sequences::Sequence;
use crate::{MetadataStore, NewAudit, StoreError};

/// The predefined roles of every account.
pub const ACCOUNT_OWNER: u32 = 1;
pub const ADMINISTRATOR: u32 = 2;
pub const OPERATOR: u32 = 3;
pub const USER: u32 = 4;
pub const VIEWER: u32 = 5;

/// Roles of one account.
pub const MAX_ROLES: usize = 500;
/// Permissions of one role, each application counted.
pub const MAX_GRANTS: usize = 2_000;

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub id: u32,
    pub account_id: u32,
    /// Unique in the account, byte by byte.
    pub name: String,
    pub description: String,
    /// One that comes with every account: it can be neither changed nor deleted.
    pub predefined: bool,
    /// In no promised order.
    pub grants: Vec<Grant>,
}

/// A role to be made or put in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    pub account_id: u32,
    /// At most 255 characters.
    pub name: String,
    /// At most 255 characters.
    pub description: String,
    /// At most [`MAX_GRANTS`].
    pub grants: Vec<Grant>,
}

/// Roles of accounts, and what they add up to.
pub trait Roles {
    /// All of the account by rising id; at most [`MAX_ROLES`].
    fn roles(&self, account_id: u32) -> impl Future<Output = Result<Vec<Role>, StoreError>> + Send;

    /// Makes a role and returns its id; `AlreadyExists` when the account has one of that name.
    fn create_role(
        &self,
        role: &NewRole,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Gives a role another name, description and permissions. `NotFound`, `Predefined`, or `AlreadyExists`.
    fn update_role(
        &self,
        id: u32,
        role: &NewRole,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes a role and takes it from whoever has it. `NotFound` or `Predefined`.
    fn delete_role(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What a user may, by roles and by groups. A permission that this version does not know is not there.
    fn rights_of_user(
        &self,
        user_id: u32,
    ) -> impl Future<Output = Result<Rights, StoreError>> + Send;

    /// The names of at most `limit` enabled users who have a permission over the account.
    fn who_may(
        &self,
        account_id: u32,
        permission: Permission,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// What an API client may.
    fn rights_of_client(
        &self,
        client_id: u32,
    ) -> impl Future<Output = Result<Rights, StoreError>> + Send;
}

impl Roles for MetadataStore {
    async fn roles(&self, account_id: u32) -> Result<Vec<Role>, StoreError> {
        let select = sql("SELECT id, account_id, name, description, predefined FROM roles \
                          WHERE account_id = ? ORDER BY id");
        let mut roles = self.database.list("list roles", select.bind(account_id), role).await?;
        let select =
            sql("SELECT p.role_id, p.permission, p.application_id FROM role_permissions p \
                          JOIN roles r ON r.id = p.role_id WHERE r.account_id = ?");
        let read = |row: &Row| Ok((row.int::<u32>(0)?, grant(row, 1)?));
        let grants = self.database.list("list permissions", select.bind(account_id), read).await?;
        for (id, grant) in grants {
            if let Some(role) = roles.iter_mut().find(|role| role.id == id) {
                role.grants.extend(grant);
            }
        }
        Ok(roles)
    }

    async fn create_role(&self, new: &NewRole, audit: &NewAudit) -> Result<u32, StoreError> {
        fitting(new)?;
        let created = self.database.write("create a role", |mut tx| async move {
            let id = Sequence::Role.take_one(&mut tx).await?;
            unless_taken(&mut tx, new, id).await?;
            let count = sql("SELECT COUNT(*) FROM roles WHERE account_id = ?");
            let count: usize =
                tx.row(count.bind(new.account_id)).await?.map_or(Ok(0), |row| row.int(0))?;
            if count >= MAX_ROLES {
                return Err(refuse(StoreError::TooMany { what: "roles", limit: MAX_ROLES }));
            }
            let insert =
                sql("INSERT INTO roles (id, account_id, name_key, name, description, predefined) \
                 VALUES (?, ?, ?, ?, ?, ?)");
            let insert = insert
                .bind(id)
                .bind(new.account_id)
                .bind(name_key(&new.name))
                .bind(new.name.as_str())
                .bind(new.description.as_str())
                .bind(false);
            tx.execute(insert).await?;
            insert_grants(&mut tx, id, &new.grants).await?;
            record_made(&mut tx, audit, id).await?;
            Ok((tx, id))
        });
        Ok(created.await?)
    }

    async fn update_role(
        &self,
        id: u32,
        new: &NewRole,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        fitting(new)?;
        let updated = self.database.write("change a role", |mut tx| async move {
            own_changeable(&mut tx, new.account_id, id).await?;
            unless_taken(&mut tx, new, id).await?;
            let update =
                sql("UPDATE roles SET name_key = ?, name = ?, description = ? WHERE id = ?");
            let update = update
                .bind(name_key(&new.name))
                .bind(new.name.as_str())
                .bind(new.description.as_str())
                .bind(id);
            tx.execute(update).await?;
            tx.execute(sql("DELETE FROM role_permissions WHERE role_id = ?").bind(id)).await?;
            insert_grants(&mut tx, id, &new.grants).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(updated.await?)
    }

    async fn delete_role(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        let deleted = self.database.write("delete a role", |mut tx| async move {
            own_changeable(&mut tx, account_id, id).await?;
            tx.execute(sql("DELETE FROM roles WHERE id = ?").bind(id)).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(deleted.await?)
    }

    async fn rights_of_user(&self, user_id: u32) -> Result<Rights, StoreError> {
        let select = sql(
            "SELECT permission, application_id FROM role_permissions WHERE role_id IN \
             (SELECT role_id FROM user_roles WHERE user_id = ? UNION SELECT g.role_id FROM group_roles g \
             JOIN group_members m ON m.group_id = g.group_id WHERE m.user_id = ?)",
        );
        let select = select.bind(user_id).bind(user_id);
        let grants =
            self.database.list("read a user's permissions", select, |row| grant(row, 0)).await?;
        Ok(grants.into_iter().flatten().collect())
    }

    async fn who_may(
        &self,
        account_id: u32,
        permission: Permission,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let select = sql(
            "SELECT u.user_name FROM users u JOIN user_access a ON a.user_id = u.id WHERE u.account_id = ? \
             AND a.enabled = 1 AND (EXISTS (SELECT 1 FROM user_roles r JOIN role_permissions p ON p.role_id = r.role_id \
             WHERE r.user_id = u.id AND p.application_id = 0 AND p.permission = ?) \
             OR EXISTS (SELECT 1 FROM group_members m JOIN group_roles g ON g.group_id = m.group_id \
             JOIN role_permissions p ON p.role_id = g.role_id \
             WHERE m.user_id = u.id AND p.application_id = 0 AND p.permission = ?)) ORDER BY u.id LIMIT ?",
        );
        let select =
            select.bind(account_id).bind(permission.name()).bind(permission.name()).bind(limit);
        Ok(self.database.list("list who may", select, |row| row.text(0)).await?)
    }

    async fn rights_of_client(&self, client_id: u32) -> Result<Rights, StoreError> {
        let select = sql("SELECT p.permission, p.application_id FROM role_permissions p \
                          JOIN client_roles c ON c.role_id = p.role_id WHERE c.client_id = ?");
        let select = select.bind(client_id);
        let read = |row: &Row| grant(row, 0);
        let grants = self.database.list("read an API client's permissions", select, read).await?;
        Ok(grants.into_iter().flatten().collect())
    }
}

fn fitting(role: &NewRole) -> Result<(), StoreError> {
    fits("the name of a role", &role.name)?;
    fits("the description of a role", &role.description)?;
    if role.grants.len() > MAX_GRANTS {
        return Err(StoreError::TooMany { what: "permissions of a role", limit: MAX_GRANTS });
    }
    Ok(())
}

async fn unless_taken(tx: &mut Tx, role: &NewRole, id: u32) -> Result<(), sqlx::Error> {
    let same_name = sql("SELECT id FROM roles WHERE account_id = ? AND name_key = ? AND id <> ?");
    let same_name = same_name.bind(role.account_id).bind(name_key(&role.name)).bind(id);
    match tx.row(same_name).await? {
        None => Ok(()),
        Some(_) => {
            Err(refuse(StoreError::AlreadyExists { what: "a role", name: role.name.clone() }))
        }
    }
}

async fn own_changeable(tx: &mut Tx, account_id: u32, id: u32) -> Result<(), sqlx::Error> {
    let select = sql("SELECT predefined FROM roles WHERE id = ? AND account_id = ?");
    match tx.row(select.bind(id).bind(account_id)).await? {
        None => Err(refuse(StoreError::NotFound { what: "role", id: id.into() })),
        Some(row) if row.flag(0)? => Err(refuse(StoreError::Predefined)),
        Some(_) => Ok(()),
    }
}

async fn insert_grants(tx: &mut Tx, role_id: u32, grants: &[Grant]) -> Result<(), sqlx::Error> {
    let distinct: std::collections::BTreeSet<Grant> = grants.iter().copied().collect();
    for grant in distinct {
        let insert = sql(
            "INSERT INTO role_permissions (role_id, application_id, permission) VALUES (?, ?, ?)",
        );
        let application = grant.application.unwrap_or(EntityId::NONE);
        tx.execute(insert.bind(role_id).bind(application.0).bind(grant.permission.name())).await?;
    }
    Ok(())
}

fn role(row: &Row) -> Result<Role, sqlx::Error> {
    Ok(Role {
        id: row.int(0)?,
        account_id: row.int(1)?,
        name: row.text(2)?,
        description: row.text(3)?,
        predefined: row.flag(4)?,
        grants: Vec::new(),
    })
}

/// From the column of a permission's name and the one after it.
fn grant(row: &Row, column: usize) -> Result<Option<Grant>, sqlx::Error> {
    let application = EntityId(row.int(column + 1)?).some();
    let permission = Permission::of_name(&row.text(column)?);
    Ok(permission.map(|permission| Grant { permission, application }))
}
