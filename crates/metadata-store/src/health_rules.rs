//! Health rules and the schedules in which they hold. What is in their bodies is the owner's knowledge; the store keeps
//! names unique within an application and counts a rule's versions, so that whoever judges by a rule sees that it changed.

use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::error::{at_most, must_match, refuse};
use crate::name::{NameTaken, fits, name_key};
use crate::sequences::Sequence;
use crate::uses::{self, RuleNeeds, Unused};
use crate::{AlertConfigKind, MAX_ALERT_CONFIG_BYTES, MetadataStore, Page, StoreError};

/// Health rules, and schedules, of one application.
pub const MAX_RULES: usize = 1000;
/// Bytes of a body.
pub const MAX_RULE_BODY: usize = 64 * 1024;

/// A health rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthRule {
    pub id: u32,
    pub application_id: u32,
    /// Unique in its application.
    pub name: String,
    pub enabled: bool,
    /// JSON.
    pub body: String,
    /// 1 at first, one more after each change.
    pub version: u32,
    /// Unix milliseconds.
    pub changed_ms: i64,
}

/// A health rule to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHealthRule {
    pub application_id: u32,
    /// At most 255 characters.
    pub name: String,
    pub enabled: bool,
    /// At most [`MAX_RULE_BODY`] bytes.
    pub body: String,
    pub changed_ms: i64,
    /// `Gone` when that is not there; nothing is stored then.
    pub needs: RuleNeeds,
}

/// A rule that is called otherwise from now on, as documents of alerting's configuration are asked to follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenamedRule<'a> {
    pub from: &'a str,
    pub to: &'a str,
    /// Whether the document also means a rule of another application that has the old name.
    pub is_left: bool,
}

/// The body that a document of alerting's configuration gets when a rule is renamed; `None`: the one it has. Its second
/// argument is the body that it has.
pub type Follow<'a> =
    &'a (dyn Fn(AlertConfigKind, &str, &RenamedRule<'_>) -> Option<String> + Sync);

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSchedule {
    pub id: u32,
    pub application_id: u32,
    /// Unique in its application.
    pub name: String,
    /// JSON.
    pub body: String,
}

/// A schedule to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSchedule {
    pub application_id: u32,
    /// At most 255 characters.
    pub name: String,
    /// At most [`MAX_RULE_BODY`] bytes.
    pub body: String,
}

/// Health rules and schedules; at most [`MAX_RULES`] of each in an application.
pub trait HealthRules {
    /// One page of the rules of all applications, by rising id.
    fn all_health_rules(
        &self,
        page: Page,
    ) -> impl Future<Output = Result<Vec<HealthRule>, StoreError>> + Send;

    /// The rules of an application, by rising id.
    fn health_rules(
        &self,
        application_id: u32,
    ) -> impl Future<Output = Result<Vec<HealthRule>, StoreError>> + Send;

    /// A rule of the application.
    fn health_rule(
        &self,
        application_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<Option<HealthRule>, StoreError>> + Send;

    /// Stores a rule and returns its id. `AlreadyExists` when the name is taken, `TooMany` when there is no place.
    fn create_health_rule(
        &self,
        rule: &NewHealthRule,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Puts another rule in the place of this one, of the same application; one that is equal stays as it is, with its version.
    /// `AlreadyExists` when the name is another's, `NotFound` when there is no such rule. When it is called otherwise than before,
    /// the documents of alerting's configuration of its application and of the whole account, `account_id`, follow it in the
    /// same transaction, as `follow` says, which may be called again after a conflict.
    fn replace_health_rule(
        &self,
        account_id: u32,
        id: u32,
        rule: &NewHealthRule,
        follow: Follow<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Stores all of these rules, which have names of their own, or none of them; returns their ids, in their order. Those
    /// names that are taken are in one `AlreadyExists`, unless what has them is to be replaced.
    fn import_health_rules(
        &self,
        rules: &[NewHealthRule],
        taken: NameTaken,
    ) -> impl Future<Output = Result<Vec<u32>, StoreError>> + Send;

    /// `NotFound` when the application has no such rule, `InUse` when `unused` says so. What it found stays.
    fn delete_health_rule(
        &self,
        account_id: u32,
        application_id: u32,
        id: u32,
        unused: Unused<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// One page of the schedules of all applications, by rising id.
    fn all_schedules(
        &self,
        page: Page,
    ) -> impl Future<Output = Result<Vec<StoredSchedule>, StoreError>> + Send;

    /// The schedules of an application, by rising id.
    fn schedules(
        &self,
        application_id: u32,
    ) -> impl Future<Output = Result<Vec<StoredSchedule>, StoreError>> + Send;

    /// As [`HealthRules::create_health_rule`].
    fn create_schedule(
        &self,
        schedule: &NewSchedule,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// As [`HealthRules::replace_health_rule`]; `InUse` when it is called otherwise than before and `unused` says so.
    fn replace_schedule(
        &self,
        id: u32,
        schedule: &NewSchedule,
        unused: Unused<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// As [`HealthRules::delete_health_rule`].
    fn delete_schedule(
        &self,
        application_id: u32,
        id: u32,
        unused: Unused<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The applications that were given what every one begins with.
    fn seeded_applications(&self) -> impl Future<Output = Result<Vec<u32>, StoreError>> + Send;

    /// Gives an application what every one begins with, once for ever, in one transaction; what has a name that is taken is
    /// passed over. False when it was given that before.
    fn seed_application(
        &self,
        application_id: u32,
        rules: &[NewHealthRule],
        schedules: &[NewSchedule],
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// What a write came to.
enum Written {
    As(u32),
    Taken,
    TooMany,
    Missing,
}

const RULE: &str = "a health rule";
const SCHEDULE: &str = "a schedule";

impl Written {
    fn id(self, what: &'static str, name: &str, id: u32) -> Result<u32, StoreError> {
        let plural = if what == RULE {
            "health rules of this application"
        } else {
            "schedules of this application"
        };
        match self {
            Written::As(id) => Ok(id),
            Written::Taken => Err(StoreError::AlreadyExists { what, name: name.to_owned() }),
            Written::TooMany => Err(StoreError::TooMany { what: plural, limit: MAX_RULES }),
            Written::Missing => Err(StoreError::NotFound { what: &what[2..], id: id.into() }),
        }
    }
}

const RULES: &str =
    "SELECT id, application_id, name, enabled, body, version, changed_ms FROM health_rules ";
const SCHEDULES: &str = "SELECT id, application_id, name, body FROM schedules ";

impl HealthRules for MetadataStore {
    async fn all_health_rules(&self, page: Page) -> Result<Vec<HealthRule>, StoreError> {
        let select = sql(format!("{RULES} WHERE id > ? ORDER BY id LIMIT ?"));
        let select = select.bind(page.after_id).bind(page.limit);
        Ok(self.database.list("list health rules", select, health_rule).await?)
    }

    async fn health_rules(&self, application_id: u32) -> Result<Vec<HealthRule>, StoreError> {
        let select = sql(format!("{RULES} WHERE application_id = ? ORDER BY id"));
        let select = select.bind(application_id);
        Ok(self.database.list("list health rules", select, health_rule).await?)
    }

    async fn health_rule(
        &self,
        application_id: u32,
        id: u32,
    ) -> Result<Option<HealthRule>, StoreError> {
        let select = sql(format!("{RULES} WHERE application_id = ? AND id = ?"));
        let select = select.bind(application_id).bind(id);
        Ok(self.database.first("read a health rule", select, health_rule).await?)
    }

    async fn create_health_rule(&self, rule: &NewHealthRule) -> Result<u32, StoreError> {
        check("the name of a health rule", &rule.name, &rule.body)?;
        let written = self.database.write("store a health rule", |mut tx| async move {
            let written = create_rule(&mut tx, rule).await?;
            Ok((tx, written))
        });
        written.await?.id(RULE, &rule.name, 0)
    }

    async fn replace_health_rule(
        &self,
        account_id: u32,
        id: u32,
        rule: &NewHealthRule,
        follow: Follow<'_>,
    ) -> Result<(), StoreError> {
        check("the name of a health rule", &rule.name, &rule.body)?;
        let written = self.database.write("change a health rule", |mut tx| async move {
            // Before that of rules, as who stores a document takes it: nobody waits for who waits for him.
            Sequence::AlertConfig.lock(&mut tx).await?;
            let (written, old_name) = replace_rule(&mut tx, id, rule).await?;
            if let Some(old_name) = old_name {
                rename_in_documents(&mut tx, account_id, rule, &old_name, follow).await?;
            }
            Ok((tx, written))
        });
        written.await?.id(RULE, &rule.name, id).map(drop)
    }

    async fn import_health_rules(
        &self,
        rules: &[NewHealthRule],
        taken: NameTaken,
    ) -> Result<Vec<u32>, StoreError> {
        for rule in rules {
            check("the name of a health rule", &rule.name, &rule.body)?;
        }
        let imported = self.database.write("import health rules", |mut tx| async move {
            let ids = import_rules(&mut tx, rules, taken).await?;
            Ok((tx, ids))
        });
        Ok(imported.await?)
    }

    async fn delete_health_rule(
        &self,
        account_id: u32,
        application_id: u32,
        id: u32,
        unused: Unused<'_>,
    ) -> Result<(), StoreError> {
        let matched = self.database.write("delete a health rule", |mut tx| async move {
            // The lock of the documents that may name it: none comes meanwhile.
            Sequence::AlertConfig.lock(&mut tx).await?;
            let Some(users) = uses::of_rule(&mut tx, account_id, application_id, id).await? else {
                return Ok((tx, 0));
            };
            uses::refuse_used(&users, unused)?;
            let delete = sql("DELETE FROM health_rules WHERE application_id = ? AND id = ?");
            let matched = tx.execute(delete.bind(application_id).bind(id)).await?;
            Ok((tx, matched))
        });
        must_match(matched.await?, "health rule", id)
    }

    async fn all_schedules(&self, page: Page) -> Result<Vec<StoredSchedule>, StoreError> {
        let select = sql(format!("{SCHEDULES} WHERE id > ? ORDER BY id LIMIT ?"));
        let select = select.bind(page.after_id).bind(page.limit);
        Ok(self.database.list("list schedules", select, schedule).await?)
    }

    async fn schedules(&self, application_id: u32) -> Result<Vec<StoredSchedule>, StoreError> {
        let select = sql(format!("{SCHEDULES} WHERE application_id = ? ORDER BY id"));
        let select = select.bind(application_id);
        Ok(self.database.list("list schedules", select, schedule).await?)
    }

    async fn create_schedule(&self, schedule: &NewSchedule) -> Result<u32, StoreError> {
        check("the name of a schedule", &schedule.name, &schedule.body)?;
        let written = self.database.write("store a schedule", |mut tx| async move {
            let written = create_schedule(&mut tx, schedule).await?;
            Ok((tx, written))
        });
        written.await?.id(SCHEDULE, &schedule.name, 0)
    }

    async fn replace_schedule(
        &self,
        id: u32,
        schedule: &NewSchedule,
        unused: Unused<'_>,
    ) -> Result<(), StoreError> {
        check("the name of a schedule", &schedule.name, &schedule.body)?;
        let written = self.database.write("change a schedule", |mut tx| async move {
            let written = replace_schedule(&mut tx, id, schedule, unused).await?;
            Ok((tx, written))
        });
        written.await?.id(SCHEDULE, &schedule.name, id).map(drop)
    }

    async fn delete_schedule(
        &self,
        application_id: u32,
        id: u32,
        unused: Unused<'_>,
    ) -> Result<(), StoreError> {
        let matched = self.database.write("delete a schedule", |mut tx| async move {
            // The lock of the rules that may go by it: none comes meanwhile.
            Sequence::HealthRule.lock(&mut tx).await?;
            let Some(name) = schedule_name(&mut tx, application_id, id).await? else {
                return Ok((tx, 0));
            };
            uses::refuse_used(&uses::of_rules(&mut tx, application_id, name).await?, unused)?;
            let delete = sql("DELETE FROM schedules WHERE application_id = ? AND id = ?");
            let matched = tx.execute(delete.bind(application_id).bind(id)).await?;
            Ok((tx, matched))
        });
        must_match(matched.await?, "schedule", id)
    }

    async fn seeded_applications(&self) -> Result<Vec<u32>, StoreError> {
        let select = sql("SELECT application_id FROM seeded_applications ORDER BY application_id");
        Ok(self.database.list("list applications with rules", select, |row| row.int(0)).await?)
    }

    async fn seed_application(
        &self,
        application_id: u32,
        rules: &[NewHealthRule],
        schedules: &[NewSchedule],
    ) -> Result<bool, StoreError> {
        for rule in rules {
            check("the name of a health rule", &rule.name, &rule.body)?;
        }
        for schedule in schedules {
            check("the name of a schedule", &schedule.name, &schedule.body)?;
        }
        let seeded = self.database.write("give an application its rules", |mut tx| async move {
            let is_new = seed(&mut tx, application_id, rules, schedules).await?;
            Ok((tx, is_new))
        });
        Ok(seeded.await?)
    }
}

fn check(what: &'static str, name: &str, body: &str) -> Result<(), StoreError> {
    fits(what, name)?;
    at_most(MAX_RULE_BODY, "the body of a health rule or schedule", body.len())
}

async fn seed(
    tx: &mut Tx,
    application_id: u32,
    rules: &[NewHealthRule],
    schedules: &[NewSchedule],
) -> Result<bool, sqlx::Error> {
    Sequence::HealthRule.lock(tx).await?;
    let known = sql("SELECT application_id FROM seeded_applications WHERE application_id = ?");
    if tx.row(known.bind(application_id)).await?.is_some() {
        return Ok(false);
    }
    for schedule in schedules {
        create_schedule(tx, schedule).await?;
    }
    for rule in rules {
        create_rule(tx, rule).await?;
    }
    let insert = sql("INSERT INTO seeded_applications (application_id) VALUES (?)");
    tx.execute(insert.bind(application_id)).await?;
    Ok(true)
}

async fn create_rule(tx: &mut Tx, rule: &NewHealthRule) -> Result<Written, sqlx::Error> {
    // The lock of all rules: two that come together must not both be the last one that may be.
    Sequence::HealthRule.lock(tx).await?;
    let all = sql("SELECT name_key FROM health_rules WHERE application_id = ?");
    if let Some(refused) = refused(tx, all.bind(rule.application_id), &rule.name).await? {
        return Ok(refused);
    }
    rule.needs.refuse_missing(tx, rule.application_id).await?;
    let id = Sequence::HealthRule.take_one(tx).await?;
    let insert = sql("INSERT INTO health_rules \
         (id, application_id, name_key, name, enabled, body, version, changed_ms) \
         VALUES (?, ?, ?, ?, ?, ?, 1, ?)");
    let insert = insert
        .bind(id)
        .bind(rule.application_id)
        .bind(name_key(&rule.name))
        .bind(rule.name.as_str())
        .bind(rule.enabled)
        .bind(rule.body.as_str())
        .bind(rule.changed_ms);
    tx.execute(insert).await?;
    Ok(Written::As(id))
}

async fn import_rules(
    tx: &mut Tx,
    rules: &[NewHealthRule],
    taken: NameTaken,
) -> Result<Vec<u32>, sqlx::Error> {
    Sequence::HealthRule.lock(tx).await?;
    let mut ids = Vec::with_capacity(rules.len());
    let mut clashes = Vec::new();
    for rule in rules {
        let same = sql("SELECT id FROM health_rules WHERE application_id = ? AND name_key = ?");
        let same = same.bind(rule.application_id).bind(name_key(&rule.name));
        let same: Option<u32> = tx.row(same).await?.map(|row| row.int(0)).transpose()?;
        let written = match (same, taken) {
            (None, _) => create_rule(tx, rule).await?,
            (Some(id), NameTaken::Replace) => replace_rule(tx, id, rule).await?.0,
            (Some(_), NameTaken::Refuse) => {
                clashes.push(rule.name.as_str());
                continue;
            }
        };
        ids.push(written.id(RULE, &rule.name, 0).map_err(refuse)?);
    }
    if clashes.is_empty() {
        return Ok(ids);
    }
    Err(refuse(StoreError::AlreadyExists { what: RULE, name: clashes.join(", ") }))
}

async fn create_schedule(tx: &mut Tx, schedule: &NewSchedule) -> Result<Written, sqlx::Error> {
    Sequence::Schedule.lock(tx).await?;
    let all = sql("SELECT name_key FROM schedules WHERE application_id = ?");
    if let Some(refused) = refused(tx, all.bind(schedule.application_id), &schedule.name).await? {
        return Ok(refused);
    }
    let id = Sequence::Schedule.take_one(tx).await?;
    let insert = sql("INSERT INTO schedules (id, application_id, name_key, name, body) \
         VALUES (?, ?, ?, ?, ?)");
    let insert = insert
        .bind(id)
        .bind(schedule.application_id)
        .bind(name_key(&schedule.name))
        .bind(schedule.name.as_str())
        .bind(schedule.body.as_str());
    tx.execute(insert).await?;
    Ok(Written::As(id))
}

/// Why there is no place for one more of this name among those that `all` selects the keys of.
async fn refused(
    tx: &mut Tx,
    all: crate::database::Query,
    name: &str,
) -> Result<Option<Written>, sqlx::Error> {
    let keys: Vec<[u8; 16]> =
        tx.rows(all).await?.iter().map(|row| row.hash(0)).collect::<Result<_, _>>()?;
    if keys.contains(&name_key(name)) {
        return Ok(Some(Written::Taken));
    }
    Ok((keys.len() >= MAX_RULES).then_some(Written::TooMany))
}

/// Replaces a rule, and says what it was called if that was otherwise.
async fn replace_rule(
    tx: &mut Tx,
    id: u32,
    rule: &NewHealthRule,
) -> Result<(Written, Option<String>), sqlx::Error> {
    Sequence::HealthRule.lock(tx).await?;
    let key = name_key(&rule.name);
    let select = sql("SELECT id, name, enabled, body FROM health_rules \
         WHERE application_id = ? AND (id = ? OR name_key = ?)");
    let found = tx.rows(select.bind(rule.application_id).bind(id).bind(key)).await?;
    let mut stored = None;
    for row in &found {
        if row.int::<u32>(0)? == id {
            stored = Some((row.text(1)?, row.flag(2)?, row.text(3)?));
        }
    }
    let others = found.len() - usize::from(stored.is_some());
    if others > 0 {
        return Ok((Written::Taken, None));
    }
    let Some((name, enabled, body)) = stored else { return Ok((Written::Missing, None)) };
    rule.needs.refuse_missing(tx, rule.application_id).await?;
    if name == rule.name && enabled == rule.enabled && body == rule.body {
        return Ok((Written::As(id), None));
    }
    let update = sql("UPDATE health_rules SET name_key = ?, name = ?, enabled = ?, body = ?, \
         version = version + 1, changed_ms = ? WHERE id = ? AND application_id = ?");
    let update = update
        .bind(key)
        .bind(rule.name.as_str())
        .bind(rule.enabled)
        .bind(rule.body.as_str())
        .bind(rule.changed_ms)
        .bind(id)
        .bind(rule.application_id);
    tx.execute(update).await?;
    Ok((Written::As(id), (name != rule.name).then_some(name)))
}

/// Lets documents that hold for the rule's application follow its name: those of the application, and of its whole account.
async fn rename_in_documents(
    tx: &mut Tx,
    account: u32,
    rule: &NewHealthRule,
    old_name: &str,
    follow: Follow<'_>,
) -> Result<(), sqlx::Error> {
    let is_elsewhere = uses::is_elsewhere(tx, account, rule.application_id, old_name).await?;
    let documents = sql("SELECT id, application_id, kind, body FROM alert_configs \
         WHERE account_id = ? AND application_id IN (0, ?) ORDER BY id");
    for row in tx.rows(documents.bind(account).bind(rule.application_id)).await? {
        let Some(kind) = AlertConfigKind::from_number(row.int(2)?) else { continue };
        let is_left = row.int::<u32>(1)? == 0 && is_elsewhere;
        let renamed = RenamedRule { from: old_name, to: &rule.name, is_left };
        let Some(body) = follow(kind, &row.text(3)?, &renamed) else { continue };
        at_most(MAX_ALERT_CONFIG_BYTES, "a document that follows the rule's name", body.len())
            .map_err(refuse)?;
        let update = sql("UPDATE alert_configs SET body = ?, changed_ms = ? WHERE id = ?");
        let update = update.bind(body.as_str()).bind(rule.changed_ms).bind(row.int::<u32>(0)?);
        tx.execute(update).await?;
    }
    Ok(())
}

async fn schedule_name(
    tx: &mut Tx,
    application: u32,
    id: u32,
) -> Result<Option<String>, sqlx::Error> {
    let known = sql("SELECT name FROM schedules WHERE application_id = ? AND id = ?");
    tx.row(known.bind(application).bind(id)).await?.map(|row| row.text(0)).transpose()
}

/// The rules of an application.
pub(crate) async fn of_application(
    tx: &mut Tx,
    application: u32,
) -> Result<Vec<HealthRule>, sqlx::Error> {
    let all = sql(format!("{RULES} WHERE application_id = ? ORDER BY id")).bind(application);
    tx.rows(all).await?.iter().map(health_rule).collect()
}

async fn replace_schedule(
    tx: &mut Tx,
    id: u32,
    schedule: &NewSchedule,
    unused: Unused<'_>,
) -> Result<Written, sqlx::Error> {
    // Before that of schedules, as who gives an application its rules takes it.
    Sequence::HealthRule.lock(tx).await?;
    Sequence::Schedule.lock(tx).await?;
    let same = sql("SELECT id FROM schedules WHERE application_id = ? AND name_key = ?");
    let same = same.bind(schedule.application_id).bind(name_key(&schedule.name));
    if is_anothers(tx, same, id).await? {
        return Ok(Written::Taken);
    }
    let Some(old_name) = schedule_name(tx, schedule.application_id, id).await? else {
        return Ok(Written::Missing);
    };
    if old_name != schedule.name {
        let users = uses::of_rules(tx, schedule.application_id, old_name).await?;
        uses::refuse_used(&users, unused)?;
    }
    let update = sql("UPDATE schedules SET name_key = ?, name = ?, body = ? WHERE id = ?");
    let update = update
        .bind(name_key(&schedule.name))
        .bind(schedule.name.as_str())
        .bind(schedule.body.as_str())
        .bind(id);
    tx.execute(update).await?;
    Ok(Written::As(id))
}

async fn is_anothers(
    tx: &mut Tx,
    same_name: crate::database::Query,
    id: u32,
) -> Result<bool, sqlx::Error> {
    let found = tx.row(same_name).await?;
    Ok(found.map(|row| row.int::<u32>(0)).transpose()?.is_some_and(|other| other != id))
}

fn health_rule(row: &Row) -> Result<HealthRule, sqlx::Error> {
    Ok(HealthRule {
        id: row.int(0)?,
        application_id: row.int(1)?,
        name: row.text(2)?,
        enabled: row.flag(3)?,
        body: row.text(4)?,
        version: row.int(5)?,
        changed_ms: row.int(6)?,
    })
}

fn schedule(row: &Row) -> Result<StoredSchedule, sqlx::Error> {
    Ok(StoredSchedule {
        id: row.int(0)?,
        application_id: row.int(1)?,
        name: row.text(2)?,
        body: row.text(3)?,
    })
}
