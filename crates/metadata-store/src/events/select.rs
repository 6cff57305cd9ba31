//! Reading events.

use sqlx::Error;

use super::{EntityRef, Event, EventFilter, EventSeverity, EventUsage};
use crate::database::{Query, Row, Tx, Value, marks, sql};
use crate::dialect::Dialect;

const COLUMNS: &str = "id, account_id, application_id, kind, sub_type, severity, time_ms, repeats, \
                       summary, comment, affected, triggered, properties, detail, is_read, \
                       is_resolved";

pub(super) fn by_id(account_id: u32, id: u32) -> Query {
    let select = format!("SELECT {COLUMNS} FROM events WHERE id = ? AND account_id = ?");
    sql(select).bind(id).bind(account_id)
}

pub(super) fn after(id: u32, limit: u32) -> Query {
    let select = format!("SELECT {COLUMNS} FROM events WHERE id > ? ORDER BY id LIMIT ?");
    sql(select).bind(id).bind(limit)
}

pub(super) fn page(filter: &EventFilter, before: Option<(i64, u32)>, limit: u32) -> Query {
    let mut conditions = Conditions::of(filter);
    if let Some((time_ms, id)) = before {
        conditions.and("time_ms <= ?").and("(time_ms < ? OR id < ?)");
        conditions.bind(time_ms).bind(time_ms).bind(id);
    }
    let end = "ORDER BY time_ms DESC, id DESC LIMIT ?";
    conditions.bind(limit);
    conditions.query(COLUMNS, end)
}

pub(super) fn counts(filter: &EventFilter) -> Query {
    let end = "GROUP BY kind, severity ORDER BY kind, severity";
    Conditions::of(filter).query("kind, severity, COUNT(*)", end)
}

pub(super) async fn usage(tx: &mut Tx, account_id: u32) -> Result<EventUsage, Error> {
    let totals = sql("SELECT stored, refused FROM event_totals WHERE account_id = ?");
    let totals = tx.row(totals.bind(account_id)).await?;
    let Some(totals) = totals else { return Ok(EventUsage::default()) };
    let (stored, refused) = (totals.int(0)?, totals.int(1)?);
    let measured = tx.row(measure(account_id, tx.dialect())).await?.ok_or(Error::RowNotFound)?;
    let oldest_ms = if stored > 0 { Some(measured.int(1)?) } else { None };
    Ok(EventUsage { stored, refused, bytes: measured.int(0)?, oldest_ms })
}

/// Bytes of the texts, about, and the oldest time; one row also when there is nothing.
fn measure(account_id: u32, dialect: Dialect) -> Query {
    let bytes = "SUM(2 * LENGTH(summary) + 2 * LENGTH(comment) + LENGTH(affected) + \
                 LENGTH(properties) + LENGTH(detail) + 150)";
    let bytes = dialect.integer(&format!("COALESCE({bytes}, 0)"));
    let select =
        format!("SELECT {bytes}, COALESCE(MIN(time_ms), 0) FROM events WHERE account_id = ?");
    sql(select).bind(account_id)
}

/// A WHERE that grows, and its arguments in order.
struct Conditions {
    texts: Vec<String>,
    arguments: Vec<Value>,
}

impl Conditions {
    fn of(filter: &EventFilter) -> Self {
        let mut all = Self { texts: Vec::new(), arguments: Vec::new() };
        all.and("account_id = ?").bind(filter.account_id);
        match filter.applications.as_deref() {
            Some([]) => {
                all.and("1 = 0");
            }
            Some(some) => all.one_of("application_id", some.iter().copied()),
            None => {}
        }
        all.and("time_ms >= ?").bind(filter.from_ms);
        all.and("time_ms < ?").bind(filter.until_ms);
        all.one_of("kind", filter.kinds.iter().map(String::as_str));
        all.one_of("severity", filter.severities.iter().map(|severity| *severity as u8));
        if let Some(entities) = &filter.affecting {
            all.affecting(entities);
        }
        if !filter.text.is_empty() {
            all.and("INSTR(folded, ?) > 0").bind(filter.text.to_lowercase());
        }
        if filter.unread_only {
            all.and("is_read = 0");
        }
        if filter.unresolved_only {
            all.and("is_resolved = 0");
        }
        all
    }

    fn and(&mut self, condition: impl Into<String>) -> &mut Self {
        self.texts.push(condition.into());
        self
    }

    fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.arguments.push(value.into());
        self
    }

    fn one_of<V: Into<Value>>(&mut self, column: &str, values: impl ExactSizeIterator<Item = V>) {
        if values.len() > 0 {
            self.and(format!("{column} IN ({})", marks(values.len())));
            self.arguments.extend(values.map(Into::into));
        }
    }

    fn affecting(&mut self, entities: &[(u8, u32)]) {
        if entities.is_empty() {
            self.and("1 = 0");
            return;
        }
        let each = vec!["(entity_kind = ? AND entity_id = ?)"; entities.len()].join(" OR ");
        self.and(format!("id IN (SELECT event_id FROM event_entities WHERE {each})"));
        for (kind, id) in entities {
            self.bind(*kind).bind(*id);
        }
    }

    fn query(self, columns: &str, end: &str) -> Query {
        let conditions = self.texts.join(" AND ");
        let select = format!("SELECT {columns} FROM events WHERE {conditions} {end}");
        sql(select).bind_all(self.arguments)
    }
}

pub(super) fn event(row: &Row) -> Result<Event, Error> {
    let application_id: u32 = row.int(2)?;
    let affected: Vec<(u8, u32, String)> = parsed(&row.text(10)?)?;
    let triggered: Option<(u8, u32, String)> = parsed(&row.text(11)?)?;
    Ok(Event {
        id: row.int(0)?,
        account_id: row.int(1)?,
        application_id: (application_id != 0).then_some(application_id),
        kind: row.text(3)?,
        sub_type: row.text(4)?,
        severity: EventSeverity::from_number(row.int(5)?),
        time_ms: row.int(6)?,
        repeats: row.int(7)?,
        summary: row.text(8)?,
        comment: row.text(9)?,
        affected: affected.into_iter().map(entity).collect(),
        triggered: triggered.map(entity),
        properties: parsed(&row.text(12)?)?,
        detail: row.text(13)?,
        is_read: row.flag(14)?,
        is_resolved: row.flag(15)?,
    })
}

fn entity((kind, id, name): (u8, u32, String)) -> EntityRef {
    EntityRef { kind, id, name }
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Decode(error.into()))
}
