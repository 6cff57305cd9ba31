-- Health rules and schedules of applications, and what they found. Bodies and evidence are JSON of their owners. Keys that
-- end with `id` are unique anyway: they are the indexes, which MySQL cannot make "if not there" otherwise.

{insert_if_absent} INTO sequences (name, value) VALUES ('health_rule', 0);
{insert_if_absent} INTO sequences (name, value) VALUES ('schedule', 0);
{insert_if_absent} INTO sequences (name, value) VALUES ('violation', 0);

CREATE TABLE IF NOT EXISTS health_rules (
  id {int} PRIMARY KEY,
  application_id {int},
  name_key {hash16},
  name {name},
  enabled {int},
  body {text},
  version {int},
  changed_ms {int},
  UNIQUE (application_id, name_key)
) {table};

CREATE TABLE IF NOT EXISTS schedules (
  id {int} PRIMARY KEY,
  application_id {int},
  name_key {hash16},
  name {name},
  body {text},
  UNIQUE (application_id, name_key)
) {table};

CREATE TABLE IF NOT EXISTS seeded_applications (
  application_id {int} PRIMARY KEY
) {table};

CREATE TABLE IF NOT EXISTS violations (
  id {int} PRIMARY KEY,
  account_id {int},
  application_id {int},
  rule_id {int},
  rule_version {int},
  rule_name {name},
  entity_kind {int},
  entity_id {int},
  entity_name {name},
  level {int},
  status {int},
  opened_minute {int},
  changed_minute {int},
  told_minute {int},
  closed_minute {int},
  changes {int},
  evidence {text},
  UNIQUE (status, id),
  UNIQUE (account_id, opened_minute, id),
  UNIQUE (application_id, opened_minute, id),
  UNIQUE (entity_id, opened_minute, id),
  UNIQUE (closed_minute, id)
) {table};

CREATE TABLE IF NOT EXISTS violation_changes (
  violation_id {int},
  number {int},
  minute {int},
  kind {int},
  level {int},
  evidence {text},
  PRIMARY KEY (violation_id, number),
  FOREIGN KEY (violation_id) REFERENCES violations (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS judged_minutes (
  id {int} PRIMARY KEY,
  minute {int}
) {table};
{insert_if_absent} INTO judged_minutes (id, minute) VALUES (1, 0);
