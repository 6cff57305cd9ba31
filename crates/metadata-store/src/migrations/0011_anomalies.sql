-- What detection found: anomalies with all that happened to them, their causes, the incidents that they belong to, and what
-- people said of them. Bodies are JSON of their owner. Keys that end with `id` are unique anyway; see 0007.

{insert_if_absent} INTO sequences (name, value) VALUES ('anomaly', 0);
{insert_if_absent} INTO sequences (name, value) VALUES ('incident', 0);

CREATE TABLE IF NOT EXISTS anomalies (
  id {int} PRIMARY KEY,
  account_id {int},
  application_id {int},
  entity_kind {int},
  entity_id {int},
  entity_name {name},
  measure {int},
  level {int},
  worst {int},
  status {int},
  onset_minute {int},
  opened_minute {int},
  changed_minute {int},
  closed_minute {int},
  changes {int},
  suspect_id {int},
  incident_id {int},
  body {text},
  UNIQUE (status, id),
  UNIQUE (account_id, opened_minute, id),
  UNIQUE (application_id, opened_minute, id),
  UNIQUE (entity_id, opened_minute, id),
  UNIQUE (suspect_id, opened_minute, id),
  UNIQUE (incident_id, id),
  UNIQUE (closed_minute, id)
) {table};

CREATE TABLE IF NOT EXISTS anomaly_changes (
  anomaly_id {int},
  number {int},
  minute {int},
  kind {int},
  level {int},
  summary {text},
  PRIMARY KEY (anomaly_id, number),
  FOREIGN KEY (anomaly_id) REFERENCES anomalies (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS anomaly_causes (
  anomaly_id {int} PRIMARY KEY,
  minute {int},
  body {text},
  FOREIGN KEY (anomaly_id) REFERENCES anomalies (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS anomaly_feedback (
  anomaly_id {int},
  number {int},
  at_ms {int},
  body {text},
  PRIMARY KEY (anomaly_id, number),
  FOREIGN KEY (anomaly_id) REFERENCES anomalies (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS incidents (
  id {int} PRIMARY KEY,
  account_id {int},
  application_id {int},
  status {int},
  level {int},
  opened_minute {int},
  closed_minute {int},
  body {text},
  UNIQUE (status, id),
  UNIQUE (account_id, opened_minute, id),
  UNIQUE (application_id, opened_minute, id),
  UNIQUE (closed_minute, id)
) {table};

CREATE TABLE IF NOT EXISTS incident_violations (
  incident_id {int},
  violation_id {int},
  PRIMARY KEY (incident_id, violation_id),
  FOREIGN KEY (incident_id) REFERENCES incidents (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS anomaly_settings (
  application_id {int} PRIMARY KEY,
  account_id {int},
  body {text}
) {table};

CREATE TABLE IF NOT EXISTS detection_checkpoint (
  id {int} PRIMARY KEY,
  minute {int},
  path {path},
  bytes {int}
) {table};
{insert_if_absent} INTO detection_checkpoint (id, minute, path, bytes) VALUES (1, 0, '', 0);
{insert_if_absent} INTO judged_minutes (id, minute) VALUES (2, 0);
