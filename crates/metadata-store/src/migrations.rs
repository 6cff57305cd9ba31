//! Brings a database to the schema of this version, and refuses one that is newer.
//!
//! Migrations are numbered files of SQL, each run once, in order. On SQLite all of them are one transaction;
//! MySQL commits at every CREATE or ALTER, so every statement must bear being run again, by the next start or by another
//! Controller starting at the same time. A change of the schema is a new file, never an edit of an old one.

use sqlx::Error;

use crate::database::{Database, Failure, Tx, sql};
use crate::dialect::Dialect;

/// The files; migration `n` leads to schema version `n`, counting from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_api_clients.sql"),
    include_str!("migrations/0003_saved_searches.sql"),
    include_str!("migrations/0004_events.sql"),
    include_str!("migrations/0005_access.sql"),
    include_str!("migrations/0006_views.sql"),
    include_str!("migrations/0007_rules.sql"),
    include_str!("migrations/0008_actions.sql"),
    include_str!("migrations/0009_baselines.sql"),
    include_str!("migrations/0010_rule_versions.sql"),
    include_str!("migrations/0011_anomalies.sql"),
    include_str!("migrations/0012_undelivered.sql"),
    include_str!("migrations/0013_outcomes.sql"),
];

/// The schema version that this program reads and writes.
pub(crate) const KNOWN_VERSION: u32 = MIGRATIONS.len() as u32;

/// What a database holds before anything is written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No table at all.
    Empty,
    /// Ours, of this version; 0 when its first migration did not end.
    Version(u32),
    /// Tables of somebody else.
    Foreign,
}

/// Looks without writing.
pub(crate) async fn inspect(database: &Database) -> Result<Found, Failure> {
    let failure = |error| Failure { operation: "read the schema version", error };
    let mut tx = database.begin_read().await.map_err(failure)?;
    inspect_in(&mut tx).await.map_err(failure)
}

async fn inspect_in(tx: &mut Tx) -> Result<Found, Error> {
    let names = tx.rows(sql(tx.dialect().table_names())).await?;
    if names.is_empty() {
        return Ok(Found::Empty);
    }
    let names: Vec<String> = names.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    if !names.iter().any(|name| name == "schema_version") {
        return Ok(Found::Foreign);
    }
    let row = tx.row(sql("SELECT version FROM schema_version WHERE id = 1")).await?;
    Ok(Found::Version(row.map_or(Ok(0), |row| row.int(0))?))
}

/// Runs what is missing. The caller has made sure that the database is not newer.
pub(crate) async fn migrate(database: &Database) -> Result<(), Failure> {
    let guid = &random_guid();
    database
        .write("bring the schema to this version", |mut tx| async move {
            migrate_in(&mut tx, guid).await?;
            Ok((tx, ()))
        })
        .await
}

async fn migrate_in(tx: &mut Tx, guid: &str) -> Result<(), Error> {
    let done = match inspect_in(tx).await? {
        Found::Version(version) if version > 0 => version,
        _ => {
            begin_history(tx).await?;
            0
        }
    };
    for (version, file) in (1u32..).zip(MIGRATIONS).skip(done as usize) {
        for statement in statements(file, tx.dialect(), guid) {
            tx.execute(sql(statement)).await?;
        }
        tx.execute(sql("UPDATE schema_version SET version = ? WHERE id = 1").bind(version)).await?;
    }
    Ok(())
}

/// The first table to exist is the one by which an unfinished database is known as ours.
async fn begin_history(tx: &mut Tx) -> Result<(), Error> {
    let table = "CREATE TABLE IF NOT EXISTS schema_version (id {int} PRIMARY KEY, version {int}) {table};\n\
                 {insert_if_absent} INTO schema_version (id, version) VALUES (1, 0);\n";
    for statement in statements(table, tx.dialect(), "") {
        tx.execute(sql(statement)).await?;
    }
    Ok(())
}

fn statements(file: &str, dialect: Dialect, guid: &str) -> Vec<String> {
    let code: Vec<&str> = file.lines().filter(|line| !line.starts_with("--")).collect();
    let mut code = code.join("\n").replace("{guid}", guid);
    for (placeholder, spelling) in dialect.placeholders() {
        code = code.replace(placeholder, spelling);
    }
    code.split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A random UUID of version 4, in lower case.
fn random_guid() -> String {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex::encode(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::{MIGRATIONS, random_guid, statements};
    use crate::dialect::Dialect;

    #[test]
    fn every_table_has_a_primary_key_and_no_placeholder_is_left() {
        for dialect in [Dialect::Sqlite, Dialect::MySql] {
            for statement in MIGRATIONS.iter().flat_map(|file| statements(file, dialect, "g")) {
                assert!(!statement.contains('{'), "{statement}");
                let is_table = statement.starts_with("CREATE TABLE");
                assert!(!is_table || statement.contains("PRIMARY KEY"), "{statement}");
                assert!(!statement.to_uppercase().contains("AUTO_INCREMENT"), "{statement}");
            }
        }
    }

    #[test]
    fn statements_are_split_at_semicolons_and_lose_their_comments() {
        let found = statements("-- one; two\nA {int};\nB\n  c;\n", Dialect::Sqlite, "");
        assert_eq!(found, ["A INTEGER NOT NULL", "B\n  c"]);
    }

    #[test]
    fn guids_differ_and_look_like_version_4() {
        let (one, two) = (random_guid(), random_guid());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "4");
    }
}
