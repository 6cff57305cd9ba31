-- How people look at things: layouts of flow maps that they keep under a name. What one holds is the page's own business:
-- the store keeps the text.

{insert_if_absent} INTO sequences (name, value) VALUES ('view', 0);

CREATE TABLE IF NOT EXISTS views (
  id {int} PRIMARY KEY,
  account_id {int},
  scope_key {hash16},
  scope {name},
  name_key {hash16},
  name {name},
  content {text},
  is_default {int},
  changed_ms {int},
  UNIQUE (account_id, scope_key, name_key)
) {table};
