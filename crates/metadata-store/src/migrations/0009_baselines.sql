-- Baselines that people add to an application's own four, which of all is its default, and accounts' time zones.

{insert_if_absent} INTO sequences (name, value) VALUES ('baseline', 100);

CREATE TABLE IF NOT EXISTS baselines (
  id {int} PRIMARY KEY,
  account_id {int},
  application_id {int},
  name_key {hash16},
  name {name},
  season {int},
  days {int},
  from_ms {int},
  to_ms {int},
  UNIQUE (application_id, name_key)
) {table};

CREATE TABLE IF NOT EXISTS default_baselines (
  application_id {int} PRIMARY KEY,
  account_id {int},
  baseline_id {int}
) {table};

CREATE TABLE IF NOT EXISTS time_zones (
  account_id {int} PRIMARY KEY,
  name {name}
) {table};
