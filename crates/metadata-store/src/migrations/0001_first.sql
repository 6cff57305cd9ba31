-- {int}, {name} and the like are spelt by `dialect.rs`. No statement has a semicolon but at its end, and each
-- may run again after it has run: MySQL commits at every CREATE, so an interrupted migration starts anew.

CREATE TABLE IF NOT EXISTS sequences (
  name {name} PRIMARY KEY,
  value {int}
) {table};

{insert_if_absent} INTO sequences (name, value) VALUES
  ('user', 0), ('access_key', 0), ('entity', 0), ('segment', 0), ('catalogue_version', 0);

CREATE TABLE IF NOT EXISTS accounts (
  id {int} PRIMARY KEY,
  name {name},
  global_name {name},
  guid {name}
) {table};

{insert_if_absent} INTO accounts (id, name, global_name, guid) VALUES
  (1, 'customer1', 'customer1_{guid}', '{guid}');

CREATE TABLE IF NOT EXISTS users (
  id {int} PRIMARY KEY,
  account_id {int},
  name_key {hash16},
  user_name {name},
  display_name {name},
  email {name},
  password_hash {name},
  UNIQUE (account_id, name_key),
  FOREIGN KEY (account_id) REFERENCES accounts (id)
) {table};

CREATE TABLE IF NOT EXISTS sessions (
  token_hash {hash32} PRIMARY KEY,
  user_id {int},
  csrf_token {name},
  expires_at_ms {int},
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS access_keys (
  id {int} PRIMARY KEY,
  account_id {int},
  name {name},
  key_hash {hash32},
  sealed {blob},
  created_ms {int},
  disabled {int},
  UNIQUE (key_hash),
  FOREIGN KEY (account_id) REFERENCES accounts (id)
) {table};

CREATE TABLE IF NOT EXISTS settings (
  name_key {hash16} PRIMARY KEY,
  name {name},
  value {blob},
  version {int}
) {table};

CREATE TABLE IF NOT EXISTS layouts (
  account_id {int},
  scope_key {hash16},
  entity_id {int},
  scope {name},
  x {real},
  y {real},
  pinned {int},
  PRIMARY KEY (account_id, scope_key, entity_id)
) {table};

CREATE TABLE IF NOT EXISTS entities (
  id {int} PRIMARY KEY,
  identity_key {hash16},
  account_id {int},
  kind {int},
  application_id {int},
  parent_id {int},
  name {name},
  properties {text},
  created_ms {int},
  last_seen_ms {int},
  state {int},
  UNIQUE (identity_key)
) {table};

CREATE TABLE IF NOT EXISTS segments (
  id {int} PRIMARY KEY,
  account_id {int},
  table_id {int},
  period_start_ms {int},
  period_ms {int},
  level {int},
  path {path},
  size_bytes {int},
  row_total {int},
  min_time_ns {int},
  max_time_ns {int},
  rolled_up {int},
  format {int},
  created_ms {int},
  detail {text}
) {table};

-- An empty checkpoint_path says that there is no checkpoint yet.
CREATE TABLE IF NOT EXISTS consumers (
  name {name} PRIMARY KEY,
  epoch {int},
  checkpoint_path {path},
  checkpoint_bytes {int}
) {table};

CREATE TABLE IF NOT EXISTS consumer_offsets (
  consumer {name},
  partition_id {int},
  committed {int},
  PRIMARY KEY (consumer, partition_id)
) {table};

-- The last cut of each consumer and epoch, so that a cut committed again gets the answer of the first time.
-- An empty replaced_checkpoint says that none was replaced.
CREATE TABLE IF NOT EXISTS cuts (
  consumer {name},
  epoch {int},
  fingerprint {hash32},
  version {int},
  replaced_checkpoint {path},
  PRIMARY KEY (consumer, epoch)
) {table};
