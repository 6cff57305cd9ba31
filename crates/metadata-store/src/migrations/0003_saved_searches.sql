-- Searches that people keep. What they search for is a page's own business: the store keeps the text.

{insert_if_absent} INTO sequences (name, value) VALUES ('saved_search', 0);

CREATE TABLE IF NOT EXISTS saved_searches (
  id {int} PRIMARY KEY,
  user_id {int},
  name_key {hash16},
  name {name},
  query {text},
  created_ms {int},
  UNIQUE (user_id, name_key),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) {table};
