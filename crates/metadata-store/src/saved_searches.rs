//! Saved searches: what a user looks for often, under a name.

use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::error::{at_most, must_match};
use crate::name::{fits, name_key};
use crate::sequences::Sequence;
use crate::{MetadataStore, StoreError};

/// Searches of one user.
pub const MAX_SAVED_SEARCHES: usize = 100;
/// Bytes of what one searches for.
pub const MAX_SAVED_QUERY: usize = 4096;

/// A search that a user keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    pub id: u32,
    /// Unique among the user's.
    pub name: String,
    /// What is searched for, as its page writes it into its URL.
    pub query: String,
    /// Unix milliseconds.
    pub created_ms: i64,
}

/// A search to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSavedSearch {
    pub user_id: u32,
    /// At most 255 characters.
    pub name: String,
    /// At most [`MAX_SAVED_QUERY`] bytes.
    pub query: String,
    pub created_ms: i64,
}

/// Searches of users; at most [`MAX_SAVED_SEARCHES`] of each.
pub trait SavedSearches {
    /// All of a user, by rising id.
    fn saved_searches(
        &self,
        user_id: u32,
    ) -> impl Future<Output = Result<Vec<SavedSearch>, StoreError>> + Send;

    /// Keeps a search and returns its id. One of the same user and name takes what is new of it and keeps its id.
    /// `TooMany` when the user has as many as may be, `NotFound` when there is no such user.
    fn save_search(
        &self,
        search: &NewSavedSearch,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Forgets a search; `NotFound` when the user has none of that id.
    fn delete_saved_search(
        &self,
        user_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What keeping a search came to.
enum Saved {
    As(u32),
    TooMany,
    NoUser,
}

impl SavedSearches for MetadataStore {
    async fn saved_searches(&self, user_id: u32) -> Result<Vec<SavedSearch>, StoreError> {
        let select = sql("SELECT id, name, query, created_ms FROM saved_searches \
                          WHERE user_id = ? ORDER BY id");
        let select = select.bind(user_id);
        Ok(self.database.list("list saved searches", select, saved_search).await?)
    }

    async fn save_search(&self, search: &NewSavedSearch) -> Result<u32, StoreError> {
        fits("the name of a saved search", &search.name)?;
        at_most(MAX_SAVED_QUERY, "a saved search", search.query.len())?;
        let saved = self.database.write("save a search", |mut tx| async move {
            let done = upsert(&mut tx, search).await?;
            Ok((tx, done))
        });
        match saved.await? {
            Saved::As(id) => Ok(id),
            Saved::TooMany => {
                Err(StoreError::TooMany { what: "saved searches", limit: MAX_SAVED_SEARCHES })
            }
            Saved::NoUser => Err(StoreError::NotFound { what: "user", id: search.user_id.into() }),
        }
    }

    async fn delete_saved_search(&self, user_id: u32, id: u32) -> Result<(), StoreError> {
        let delete = sql("DELETE FROM saved_searches WHERE user_id = ? AND id = ?");
        let delete = delete.bind(user_id).bind(id);
        let matched = self.database.execute("forget a saved search", delete).await?;
        must_match(matched, "saved search", id)
    }
}

async fn upsert(tx: &mut Tx, search: &NewSavedSearch) -> Result<Saved, sqlx::Error> {
    // The lock of all searches: two that come together must not both be the last one that may be.
    Sequence::SavedSearch.lock(tx).await?;
    let user = sql("SELECT id FROM users WHERE id = ?").bind(search.user_id);
    if tx.row(user).await?.is_none() {
        return Ok(Saved::NoUser);
    }
    let same_name = sql("SELECT id FROM saved_searches WHERE user_id = ? AND name_key = ?");
    let same_name = same_name.bind(search.user_id).bind(name_key(&search.name));
    if let Some(row) = tx.row(same_name).await? {
        let id = row.int(0)?;
        let update = sql("UPDATE saved_searches SET query = ?, created_ms = ? WHERE id = ?");
        let update = update.bind(search.query.as_str()).bind(search.created_ms).bind(id);
        tx.execute(update).await?;
        return Ok(Saved::As(id));
    }
    let all = sql("SELECT id FROM saved_searches WHERE user_id = ?").bind(search.user_id);
    if tx.rows(all).await?.len() >= MAX_SAVED_SEARCHES {
        return Ok(Saved::TooMany);
    }
    let id = Sequence::SavedSearch.take_one(tx).await?;
    let insert =
        sql("INSERT INTO saved_searches (id, user_id, name_key, name, query, created_ms) \
         VALUES (?, ?, ?, ?, ?, ?)");
    let insert = insert
        .bind(id)
        .bind(search.user_id)
        .bind(name_key(&search.name))
        .bind(search.name.as_str())
        .bind(search.query.as_str())
        .bind(search.created_ms);
    tx.execute(insert).await?;
    Ok(Saved::As(id))
}

fn saved_search(row: &Row) -> Result<SavedSearch, sqlx::Error> {
    Ok(SavedSearch {
        id: row.int(0)?,
        name: row.text(1)?,
        query: row.text(2)?,
        created_ms: row.int(3)?,
    })
}
