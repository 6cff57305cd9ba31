-- Who may do what: what is known of users besides their names, groups, roles with their permissions, and the audit log.
-- Rows beside older tables instead of columns added to them: MySQL cannot add a column twice.

{insert_if_absent} INTO sequences (name, value) VALUES ('role', 100), ('user_group', 0), ('audit', 0);

-- A locked_until_ms of 0 says not locked, a last_sign_in_ms of 0 never.
CREATE TABLE IF NOT EXISTS user_access (
  user_id {int} PRIMARY KEY,
  enabled {int},
  must_change_password {int},
  failed_sign_ins {int},
  locked_until_ms {int},
  last_sign_in_ms {int},
  last_address {name},
  created_ms {int},
  password_changed_ms {int},
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) {table};

{insert_if_absent} INTO user_access (user_id, enabled, must_change_password, failed_sign_ins, locked_until_ms,
  last_sign_in_ms, last_address, created_ms, password_changed_ms)
  SELECT id, 1, 0, 0, 0, 0, '', 0, 0 FROM users;

CREATE TABLE IF NOT EXISTS roles (
  id {int} PRIMARY KEY,
  account_id {int},
  name_key {hash16},
  name {name},
  description {name},
  predefined {int},
  UNIQUE (account_id, name_key),
  FOREIGN KEY (account_id) REFERENCES accounts (id)
) {table};

-- An application_id of 0 says all of the account.
CREATE TABLE IF NOT EXISTS role_permissions (
  role_id {int},
  application_id {int},
  permission {name},
  PRIMARY KEY (role_id, application_id, permission),
  FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS user_groups (
  id {int} PRIMARY KEY,
  account_id {int},
  name_key {hash16},
  name {name},
  description {name},
  UNIQUE (account_id, name_key),
  FOREIGN KEY (account_id) REFERENCES accounts (id)
) {table};

CREATE TABLE IF NOT EXISTS group_members (
  user_id {int},
  group_id {int},
  PRIMARY KEY (user_id, group_id),
  FOREIGN KEY (group_id) REFERENCES user_groups (id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS user_roles (
  user_id {int},
  role_id {int},
  PRIMARY KEY (user_id, role_id),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS group_roles (
  group_id {int},
  role_id {int},
  PRIMARY KEY (group_id, role_id),
  FOREIGN KEY (group_id) REFERENCES user_groups (id) ON DELETE CASCADE,
  FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS client_roles (
  client_id {int},
  role_id {int},
  PRIMARY KEY (client_id, role_id),
  FOREIGN KEY (client_id) REFERENCES api_clients (id) ON DELETE CASCADE,
  FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE CASCADE
) {table};

{insert_if_absent} INTO roles (id, account_id, name_key, name, description, predefined) VALUES
  (1, 1, X'6e3b73f7585b1abe6cb2abddd2690f68', 'Account Owner', 'May do everything', 1),
  (2, 1, X'e7d3e769f3f593dadcb8634cc5b09fc9', 'Administrator',
   'Everything but access keys, API clients and settings of the account', 1),
  (3, 1, X'291101a07fe980e93b900ae85c9eb824', 'Operator', 'Sees and changes how all applications are watched', 1),
  (4, 1, X'b512d97e7cbf97c273e4db073bbb547a', 'User', 'Sees all applications, sensitive data included', 1),
  (5, 1, X'678bfa6af48b17cde7e32964ff2a2683', 'Viewer', 'Sees all applications without sensitive data', 1);

{insert_if_absent} INTO role_permissions (role_id, application_id, permission) VALUES
  (1, 0, 'view'), (1, 0, 'configure'), (1, 0, 'delete'), (1, 0, 'sensitive-data'), (1, 0, 'administer-users'),
  (1, 0, 'administer-account'), (1, 0, 'view-audit'), (1, 0, 'view-system'),
  (2, 0, 'view'), (2, 0, 'configure'), (2, 0, 'delete'), (2, 0, 'sensitive-data'), (2, 0, 'administer-users'),
  (2, 0, 'view-audit'), (2, 0, 'view-system'),
  (3, 0, 'view'), (3, 0, 'configure'), (3, 0, 'delete'), (3, 0, 'sensitive-data'), (3, 0, 'view-system'),
  (4, 0, 'view'), (4, 0, 'sensitive-data'),
  (5, 0, 'view');

-- Who was there before there were roles could do everything; programs everything but manage programs.
{insert_if_absent} INTO user_roles (user_id, role_id) SELECT id, 1 FROM users;
{insert_if_absent} INTO client_roles (client_id, role_id) SELECT id, 3 FROM api_clients;

-- Beside each session; one from before has no row and shows as unknown.
CREATE TABLE IF NOT EXISTS session_details (
  token_hash {hash32} PRIMARY KEY,
  began_ms {int},
  seen_ms {int},
  address {name},
  agent {name},
  FOREIGN KEY (token_hash) REFERENCES sessions (token_hash) ON DELETE CASCADE
) {table};

-- Beside each API client. An old_until_ms of 0 says that there is no old secret.
CREATE TABLE IF NOT EXISTS client_access (
  client_id {int} PRIMARY KEY,
  token_seconds {int},
  old_secret_hash {hash32},
  old_until_ms {int},
  FOREIGN KEY (client_id) REFERENCES api_clients (id) ON DELETE CASCADE
) {table};

CREATE TABLE IF NOT EXISTS access_key_uses (
  key_id {int} PRIMARY KEY,
  last_used_ms {int},
  FOREIGN KEY (key_id) REFERENCES access_keys (id) ON DELETE CASCADE
) {table};

-- The state before and after is JSON without secrets, or empty.
CREATE TABLE IF NOT EXISTS audit (
  id {int} PRIMARY KEY,
  account_id {int},
  at_ms {int},
  actor_kind {int},
  actor {name},
  address {name},
  action {name},
  object_type {name},
  object_id {name},
  object_name {name},
  state_before {text},
  state_after {text},
  UNIQUE (account_id, at_ms, id)
) {table};
