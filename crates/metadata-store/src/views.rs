//! Views: layouts of flow maps that people keep under a name, several of a scope.

use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::error::{at_most, must_match};
use crate::name::{fits, name_key};
use crate::sequences::Sequence;
use crate::{MetadataStore, StoreError};

/// Views of one scope.
pub const MAX_VIEWS: usize = 50;
/// Bytes of what one holds.
pub const MAX_VIEW: usize = 512 * 1024;

/// A view without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub id: u32,
    /// A text of at most 255 characters that names what is looked at.
    pub scope: String,
    /// Unique in its scope.
    pub name: String,
    /// The one of its scope that is shown unless another is asked for.
    pub is_default: bool,
    /// Unix milliseconds.
    pub changed_ms: i64,
}

/// What a view is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewView {
    pub account_id: u32,
    pub scope: String,
    pub name: String,
    /// At most [`MAX_VIEW`] bytes.
    pub content: String,
    pub is_default: bool,
    pub changed_ms: i64,
}

/// Views of accounts; at most [`MAX_VIEWS`] of a scope, one of them the default at most.
pub trait Views {
    /// All of a scope, by rising id.
    fn views(
        &self,
        account_id: u32,
        scope: &str,
    ) -> impl Future<Output = Result<Vec<View>, StoreError>> + Send;

    /// One with what it holds; nothing when the account has none of that id.
    fn view(
        &self,
        account_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<Option<(View, String)>, StoreError>> + Send;

    /// Keeps a view and returns its id. `AlreadyExists` when the scope has one of that name, `TooMany` when it has as many as
    /// may be.
    fn create_view(&self, view: &NewView) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Replaces all of a view but its scope. `NotFound` when the scope has none of that id, `AlreadyExists` when it has
    /// another of that name.
    fn replace_view(
        &self,
        id: u32,
        view: &NewView,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets a view; `NotFound` when the account has none of that id.
    fn delete_view(
        &self,
        account_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What keeping a view came to.
enum Kept {
    As(u32),
    Taken,
    TooMany,
    Missing,
}

const COLUMNS: &str = "id, scope, name, is_default, changed_ms";

impl Views for MetadataStore {
    async fn views(&self, account_id: u32, scope: &str) -> Result<Vec<View>, StoreError> {
        let select = sql(format!(
            "SELECT {COLUMNS} FROM views WHERE account_id = ? AND scope_key = ? ORDER BY id"
        ));
        let select = select.bind(account_id).bind(name_key(scope));
        Ok(self.database.list("list views", select, view).await?)
    }

    async fn view(&self, account_id: u32, id: u32) -> Result<Option<(View, String)>, StoreError> {
        let select =
            sql(format!("SELECT {COLUMNS}, content FROM views WHERE account_id = ? AND id = ?"));
        let select = select.bind(account_id).bind(id);
        let found =
            self.database.first("read a view", select, |row| Ok((view(row)?, row.text(5)?)));
        Ok(found.await?)
    }

    async fn create_view(&self, view: &NewView) -> Result<u32, StoreError> {
        self.keep(None, view).await
    }

    async fn replace_view(&self, id: u32, view: &NewView) -> Result<(), StoreError> {
        self.keep(Some(id), view).await.map(drop)
    }

    async fn delete_view(&self, account_id: u32, id: u32) -> Result<(), StoreError> {
        let delete = sql("DELETE FROM views WHERE account_id = ? AND id = ?");
        let delete = delete.bind(account_id).bind(id);
        must_match(self.database.execute("forget a view", delete).await?, "saved layout", id)
    }
}

impl MetadataStore {
    async fn keep(&self, id: Option<u32>, view: &NewView) -> Result<u32, StoreError> {
        fits("the name of a layout", &view.name)?;
        fits("the scope of a layout", &view.scope)?;
        at_most(MAX_VIEW, "a layout", view.content.len())?;
        let kept = self.database.write("keep a view", |mut tx| async move {
            let done = put(&mut tx, id, view).await?;
            Ok((tx, done))
        });
        match kept.await? {
            Kept::As(id) => Ok(id),
            Kept::Taken => {
                Err(StoreError::AlreadyExists { what: "a layout", name: view.name.clone() })
            }
            Kept::TooMany => Err(StoreError::TooMany { what: "layouts of it", limit: MAX_VIEWS }),
            Kept::Missing => Err(StoreError::NotFound {
                what: "saved layout",
                id: id.unwrap_or_default().into(),
            }),
        }
    }
}

async fn put(tx: &mut Tx, id: Option<u32>, view: &NewView) -> Result<Kept, sqlx::Error> {
    // The lock of all views: two that come together must not both be the last one that may be.
    Sequence::View.lock(tx).await?;
    let all = sql("SELECT id, name_key FROM views WHERE account_id = ? AND scope_key = ?");
    let all = tx.rows(all.bind(view.account_id).bind(name_key(&view.scope))).await?;
    let mut known = Vec::with_capacity(all.len());
    for row in &all {
        known.push((row.int::<u32>(0)?, row.bytes(1)?));
    }
    let key = name_key(&view.name);
    if known.iter().any(|(of, name)| Some(*of) != id && name.as_slice() == key.as_slice()) {
        return Ok(Kept::Taken);
    }
    match id {
        Some(id) if !known.iter().any(|(of, _)| *of == id) => return Ok(Kept::Missing),
        None if known.len() >= MAX_VIEWS => return Ok(Kept::TooMany),
        _ => {}
    }
    if view.is_default {
        let others = sql("UPDATE views SET is_default = 0 WHERE account_id = ? AND scope_key = ?");
        tx.execute(others.bind(view.account_id).bind(name_key(&view.scope))).await?;
    }
    if let Some(id) = id {
        let update = sql("UPDATE views SET name_key = ?, name = ?, content = ?, is_default = ?, \
                          changed_ms = ? WHERE id = ?");
        let update = update
            .bind(key)
            .bind(view.name.as_str())
            .bind(view.content.as_str())
            .bind(view.is_default)
            .bind(view.changed_ms)
            .bind(id);
        tx.execute(update).await?;
        return Ok(Kept::As(id));
    }
    let id = Sequence::View.take_one(tx).await?;
    let insert =
        sql("INSERT INTO views (id, account_id, scope_key, scope, name_key, name, content, \
                      is_default, changed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    let insert = insert
        .bind(id)
        .bind(view.account_id)
        .bind(name_key(&view.scope))
        .bind(view.scope.as_str())
        .bind(key)
        .bind(view.name.as_str())
        .bind(view.content.as_str())
        .bind(view.is_default)
        .bind(view.changed_ms);
    tx.execute(insert).await?;
    Ok(Kept::As(id))
}

fn view(row: &Row) -> Result<View, sqlx::Error> {
    Ok(View {
        id: row.int(0)?,
        scope: row.text(1)?,
        name: row.text(2)?,
        is_default: row.flag(3)?,
        changed_ms: row.int(4)?,
    })
}
