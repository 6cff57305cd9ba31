-- Events: what happened, when, to whom. Kinds are texts that the store does not read. `affected` is what readers are
-- shown, `event_entities` the same for looking events up by entity. Keys that end with `id` are unique anyway: they are
-- the indexes, which MySQL cannot make "if not there" otherwise.

{insert_if_absent} INTO sequences (name, value) VALUES ('event', 0);

CREATE TABLE IF NOT EXISTS events (
  id {int} PRIMARY KEY,
  account_id {int},
  application_id {int},
  event_key {hash16},
  kind {name},
  sub_type {name},
  severity {int},
  time_ms {int},
  repeats {int},
  summary {text},
  comment {text},
  folded {text},
  affected {text},
  triggered {text},
  properties {text},
  detail {text},
  is_read {int},
  is_resolved {int},
  UNIQUE (account_id, event_key),
  UNIQUE (account_id, time_ms, id),
  UNIQUE (account_id, application_id, time_ms, id)
) {table};

CREATE TABLE IF NOT EXISTS event_entities (
  entity_kind {int},
  entity_id {int},
  event_id {int},
  PRIMARY KEY (entity_kind, entity_id, event_id),
  UNIQUE (event_id, entity_kind, entity_id),
  FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS event_totals (
  account_id {int} PRIMARY KEY,
  stored {int},
  refused {int}
) {table};
