-- API clients, the programs that ask for tokens, and the tokens they were given. A last_used_ms of 0 says never.

{insert_if_absent} INTO sequences (name, value) VALUES ('api_client', 0);

CREATE TABLE IF NOT EXISTS api_clients (
  id {int} PRIMARY KEY,
  account_id {int},
  name_key {hash16},
  name {name},
  description {name},
  secret_hash {hash32},
  created_ms {int},
  last_used_ms {int},
  UNIQUE (account_id, name_key),
  FOREIGN KEY (account_id) REFERENCES accounts (id)
) {table};

CREATE TABLE IF NOT EXISTS api_tokens (
  token_hash {hash32} PRIMARY KEY,
  client_id {int},
  expires_at_ms {int},
  UNIQUE (client_id, token_hash),
  FOREIGN KEY (client_id) REFERENCES api_clients (id) ON DELETE CASCADE
) {table};
