//! Reading anomalies.

use super::{Anomaly, AnomalyFilter, AnomalyOf, AnomalyStanding, AnomalyStatus};
use crate::database::{Query, Row, marks, sql};

pub(crate) const SELECT: &str = "SELECT id, account_id, application_id, entity_kind, entity_id, entity_name, \
     measure, level, worst, status, onset_minute, opened_minute, changed_minute, closed_minute, suspect_id, \
     incident_id, body FROM anomalies ";

pub(super) fn page(filter: &AnomalyFilter, before: Option<(u32, u32)>, limit: u32) -> Query {
    let wanted = [
        ("entity_kind", filter.entity_kind.map(u32::from)),
        ("entity_id", filter.entity_id),
        ("measure", filter.measure.map(u32::from)),
        ("suspect_id", filter.suspect_id),
        ("incident_id", filter.incident_id),
        ("level", filter.level.map(u32::from)),
        ("status", filter.status.map(|status| u32::from(status as u8))),
    ];
    let times = [filter.from_minute, filter.until_minute];
    let applications = filter.applications.as_deref();
    opened_page(SELECT, filter.account_id, times, applications, &wanted, before, limit)
}

/// A page of what opened and may have closed, newest first.
pub(crate) fn opened_page(
    select: &str,
    account_id: u32,
    [from, until]: [u32; 2],
    applications: Option<&[u32]>,
    wanted: &[(&str, Option<u32>)],
    before: Option<(u32, u32)>,
    limit: u32,
) -> Query {
    let mut text = format!(
        "{select} WHERE account_id = ? AND opened_minute < ? \
         AND (closed_minute = 0 OR closed_minute > ?)"
    );
    for (column, _) in wanted.iter().filter(|(_, value)| value.is_some()) {
        text.push_str(&format!(" AND {column} = ?"));
    }
    match applications {
        Some([]) => text.push_str(" AND 1 = 0"),
        Some(some) => text.push_str(&format!(" AND application_id IN ({})", marks(some.len()))),
        None => {}
    }
    if before.is_some() {
        text.push_str(" AND (opened_minute < ? OR (opened_minute = ? AND id < ?))");
    }
    text.push_str(" ORDER BY opened_minute DESC, id DESC LIMIT ?");
    let query = sql(text)
        .bind(account_id)
        .bind(until)
        .bind(from)
        .bind_all(wanted.iter().filter_map(|(_, value)| *value))
        .bind_all(applications.into_iter().flatten().copied());
    let query = match before {
        Some((minute, id)) => query.bind(minute).bind(minute).bind(id),
        None => query,
    };
    query.bind(limit)
}

pub(crate) fn anomaly(row: &Row) -> Result<Anomaly, sqlx::Error> {
    Ok(Anomaly {
        id: row.int(0)?,
        of: AnomalyOf {
            account_id: row.int(1)?,
            application_id: row.int(2)?,
            entity_kind: row.int(3)?,
            entity_id: row.int(4)?,
            entity_name: row.text(5)?,
        },
        standing: AnomalyStanding {
            measure: row.int(6)?,
            level: row.int(7)?,
            worst: row.int(8)?,
            status: AnomalyStatus::from_number(row.int(9)?),
            suspect_id: row.int(14)?,
            body: row.text(16)?,
        },
        onset_minute: row.int(10)?,
        opened_minute: row.int(11)?,
        changed_minute: row.int(12)?,
        closed_minute: row.int(13)?,
        incident_id: row.int(15)?,
    })
}
