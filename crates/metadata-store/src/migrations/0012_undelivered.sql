-- Deliveries that are not done and have to keep their order: of one cause by one action, the one with the lowest id is
-- first. A table of its own, since a column cannot be added twice without an error on MySQL; and so it stays short.

CREATE TABLE IF NOT EXISTS undelivered (
  delivery_id {int} PRIMARY KEY,
  account_id {int},
  action_id {int},
  cause_key {hash16},
  UNIQUE (account_id, action_id, cause_key, delivery_id),
  FOREIGN KEY (delivery_id) REFERENCES deliveries (id) ON DELETE CASCADE
) {table};
