//! Up to which minute everything was judged, by health rules and by detection, or told: a row each, moved in the transaction of what
//! the minute changed by whoever saw the minute before as the last.

use sqlx::Error;

use crate::StoreError;
use crate::database::{Database, Tx, sql};

/// Who judges minutes; the numbers are rows of `judged_minutes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Judge {
    HealthRules = 1,
    Detection = 2,
    /// Whoever makes events of transactions that went badly.
    Outcomes = 3,
}

const SELECT: &str = "SELECT minute FROM judged_minutes WHERE id = ?";

/// The last minute that was judged; none before the first.
pub(crate) async fn last(database: &Database, judge: Judge) -> Result<Option<u32>, StoreError> {
    let select = sql(SELECT).bind(judge as u8);
    let minute = database.first("read the judged minute", select, |row| row.int(0));
    Ok(minute.await?.filter(|minute: &u32| *minute > 0))
}

/// Moves the mark from `after` to `minute`; what stands there instead, when that is not `after`.
pub(crate) async fn advance(
    tx: &mut Tx,
    judge: Judge,
    after: Option<u32>,
    minute: u32,
) -> Result<Result<(), Option<u32>>, Error> {
    let select = tx.dialect().for_update(SELECT);
    let row = tx.row(sql(select).bind(judge as u8)).await?.ok_or(Error::RowNotFound)?;
    let judged = Some(row.int::<u32>(0)?).filter(|minute| *minute > 0);
    if judged != after {
        return Ok(Err(judged));
    }
    let update = sql("UPDATE judged_minutes SET minute = ? WHERE id = ?");
    tx.execute(update.bind(minute).bind(judge as u8)).await?;
    Ok(Ok(()))
}
