-- What happens when something happens: policies, actions, suppressions and digests as documents whose meaning the store
-- does not know; how far events were read for them, with what is undecided; and every delivery with its answers.

{insert_if_absent} INTO sequences (name, value) VALUES ('alert_config', 0);
{insert_if_absent} INTO sequences (name, value) VALUES ('delivery', 0);

CREATE TABLE IF NOT EXISTS alert_configs (
  id {int} PRIMARY KEY,
  account_id {int},
  application_id {int},
  kind {int},
  name_key {hash16},
  name {name},
  body {text},
  sealed {blob},
  changed_ms {int},
  UNIQUE (account_id, kind, application_id, name_key),
  FOREIGN KEY (account_id) REFERENCES accounts (id)
) {table};

CREATE TABLE IF NOT EXISTS alert_progress (
  id {int} PRIMARY KEY,
  after_event {int},
  version {int},
  state {blob}
) {table};

{insert_if_absent} INTO alert_progress (id, after_event, version, state) VALUES (1, 0, 0, x'');

CREATE TABLE IF NOT EXISTS deliveries (
  id {int} PRIMARY KEY,
  account_id {int},
  application_id {int},
  policy_id {int},
  action_id {int},
  state {int},
  created_ms {int},
  due_ms {int},
  attempts {int},
  title {text},
  notice {text},
  log {text},
  UNIQUE (state, due_ms, id),
  UNIQUE (account_id, id)
) {table};
