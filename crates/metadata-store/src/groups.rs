//! Groups: users who have the same roles together.

use std::future::Future;

use crate::audit::{record, record_made};
use crate::database::{Tx, sql};
use crate::error::refuse;
use crate::memberships::{own_group, owner_remains, set_of_group};
use crate::name::{fits, name_key};
use crate::sequences::Sequence;
use crate::{MetadataStore, NewAudit, StoreError};

/// Groups of one account.
pub const MAX_GROUPS: usize = 1_000;

/// Some users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: u32,
    pub account_id: u32,
    /// Unique in the account, byte by byte.
    pub name: String,
    pub description: String,
}

/// A group to be made or put in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    pub account_id: u32,
    /// At most 255 characters.
    pub name: String,
    /// At most 255 characters.
    pub description: String,
    /// Of the account.
    pub users: Vec<u32>,
    pub roles: Vec<u32>,
}

/// Groups of accounts; who is in them and which roles they have is in [`Memberships`](crate::Memberships).
pub trait Groups {
    /// All of the account by rising id; at most [`MAX_GROUPS`].
    fn groups(
        &self,
        account_id: u32,
    ) -> impl Future<Output = Result<Vec<Group>, StoreError>> + Send;

    /// Makes a group and returns its id; `AlreadyExists` when the account has one of that name, `NotFound` when it has
    /// not such a user or role.
    fn create_group(
        &self,
        group: &NewGroup,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Gives a group another name, other members and roles. As above, or `LastOwner`.
    fn update_group(
        &self,
        id: u32,
        group: &NewGroup,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes a group; its users stay. `NotFound` or `LastOwner`.
    fn delete_group(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Groups for MetadataStore {
    async fn groups(&self, account_id: u32) -> Result<Vec<Group>, StoreError> {
        let select = sql("SELECT id, account_id, name, description FROM user_groups \
                          WHERE account_id = ? ORDER BY id");
        let groups = self.database.list("list groups", select.bind(account_id), |row| {
            Ok(Group {
                id: row.int(0)?,
                account_id: row.int(1)?,
                name: row.text(2)?,
                description: row.text(3)?,
            })
        });
        Ok(groups.await?)
    }

    async fn create_group(&self, new: &NewGroup, audit: &NewAudit) -> Result<u32, StoreError> {
        fitting(new)?;
        let created = self.database.write("create a group", |mut tx| async move {
            let id = Sequence::Group.take_one(&mut tx).await?;
            unless_taken(&mut tx, new, id).await?;
            let count = sql("SELECT COUNT(*) FROM user_groups WHERE account_id = ?");
            let count: usize =
                tx.row(count.bind(new.account_id)).await?.map_or(Ok(0), |row| row.int(0))?;
            if count >= MAX_GROUPS {
                return Err(refuse(StoreError::TooMany { what: "groups", limit: MAX_GROUPS }));
            }
            let insert =
                sql("INSERT INTO user_groups (id, account_id, name_key, name, description) \
                              VALUES (?, ?, ?, ?, ?)");
            let insert = insert
                .bind(id)
                .bind(new.account_id)
                .bind(name_key(&new.name))
                .bind(new.name.as_str())
                .bind(new.description.as_str());
            tx.execute(insert).await?;
            set_of_group(&mut tx, new.account_id, id, &new.users, &new.roles).await?;
            record_made(&mut tx, audit, id).await?;
            Ok((tx, id))
        });
        Ok(created.await?)
    }

    async fn update_group(
        &self,
        id: u32,
        new: &NewGroup,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        fitting(new)?;
        let updated = self.database.write("change a group", |mut tx| async move {
            own_group(&mut tx, new.account_id, id).await?;
            unless_taken(&mut tx, new, id).await?;
            let update =
                sql("UPDATE user_groups SET name_key = ?, name = ?, description = ? WHERE id = ?");
            let update = update
                .bind(name_key(&new.name))
                .bind(new.name.as_str())
                .bind(new.description.as_str())
                .bind(id);
            tx.execute(update).await?;
            set_of_group(&mut tx, new.account_id, id, &new.users, &new.roles).await?;
            owner_remains(&mut tx, new.account_id).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(updated.await?)
    }

    async fn delete_group(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        let deleted = self.database.write("delete a group", |mut tx| async move {
            own_group(&mut tx, account_id, id).await?;
            tx.execute(sql("DELETE FROM user_groups WHERE id = ?").bind(id)).await?;
            owner_remains(&mut tx, account_id).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(deleted.await?)
    }
}

fn fitting(group: &NewGroup) -> Result<(), StoreError> {
    fits("the name of a group", &group.name)?;
    fits("the description of a group", &group.description)
}

async fn unless_taken(tx: &mut Tx, group: &NewGroup, id: u32) -> Result<(), sqlx::Error> {
    let same_name =
        sql("SELECT id FROM user_groups WHERE account_id = ? AND name_key = ? AND id <> ?");
    let same_name = same_name.bind(group.account_id).bind(name_key(&group.name)).bind(id);
    match tx.row(same_name).await? {
        None => Ok(()),
        Some(_) => {
            Err(refuse(StoreError::AlreadyExists { what: "a group", name: group.name.clone() }))
        }
    }
}
