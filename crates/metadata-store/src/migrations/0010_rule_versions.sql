-- Health rules as they were when they found something, and which deliveries are about which violations.

CREATE TABLE IF NOT EXISTS health_rule_versions (
  rule_id {int},
  version {int},
  body {text},
  PRIMARY KEY (rule_id, version)
) {table};

CREATE TABLE IF NOT EXISTS delivery_violations (
  violation_id {int},
  delivery_id {int},
  PRIMARY KEY (violation_id, delivery_id),
  FOREIGN KEY (delivery_id) REFERENCES deliveries (id) ON DELETE CASCADE
) {table};
