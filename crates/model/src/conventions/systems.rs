//! Names of systems: an older name becomes the stable one, and an instrumentation's scope stands in where no name was sent.

/// What the conventions call a database of which nothing is known but its statements.
pub(super) const OTHER_SQL: &str = "other_sql";

/// The stable name of a database system.
pub(super) fn database(sent: &str) -> &str {
    match sent {
        "mssql" | "mssqlcompact" => "microsoft.sql_server",
        "oracle" => "oracle.db",
        "db2" => "ibm.db2",
        "dynamodb" => "aws.dynamodb",
        "redshift" => "aws.redshift",
        "spanner" => "gcp.spanner",
        "cosmosdb" => "azure.cosmosdb",
        "hanadb" => "sap.hana",
        "maxdb" => "sap.maxdb",
        "informix" => "ibm.informix",
        "netezza" => "ibm.netezza",
        "adabas" => "softwareag.adabas",
        "ingres" => "actian.ingres",
        "h2" => "h2database",
        "firebird" => "firebirdsql",
        "postgres" => "postgresql",
        other => other,
    }
}

/// The stable name of a messaging system.
pub(super) fn messaging(sent: &str) -> &str {
    match sent {
        "AmazonSQS" | "aws.sqs" | "sqs" => "aws_sqs",
        "AmazonSNS" | "aws_sns" | "sns" => "aws.sns",
        "azure_servicebus" | "azservicebus" => "servicebus",
        "azure_eventhubs" => "eventhubs",
        "google_pubsub" | "pubsub" => "gcp_pubsub",
        "RabbitMQ" => "rabbitmq",
        "Kafka" | "apache_kafka" => "kafka",
        other => other,
    }
}

/// The messaging system that an instrumentation is for, by a word of its scope.
pub(super) fn messaging_of_scope(scope: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 18] = [
        ("celery", "celery"),
        ("kafka", "kafka"),
        ("rabbit", "rabbitmq"),
        ("pika", "rabbitmq"),
        ("amqp", "rabbitmq"),
        ("bunny", "rabbitmq"),
        ("sqs", "aws_sqs"),
        ("sns", "aws.sns"),
        ("pulsar", "pulsar"),
        ("rocketmq", "rocketmq"),
        ("activemq", "activemq"),
        ("jms", "jms"),
        ("nats", "nats"),
        ("pubsub", "gcp_pubsub"),
        ("servicebus", "servicebus"),
        ("eventhubs", "eventhubs"),
        ("bullmq", "bullmq"),
        ("sidekiq", "sidekiq"),
    ];
    let contains = |word: &str| {
        scope.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    WORDS.iter().find(|(word, _)| contains(word)).map(|(_, system)| *system)
}

/// The messaging system that an address is for, by its scheme: MassTransit names no system where it receives.
pub(super) fn messaging_of_scheme(scheme: &str) -> Option<&'static str> {
    Some(match scheme {
        "rabbitmq" | "amqp" | "amqps" => "rabbitmq",
        "kafka" => "kafka",
        "activemq" => "activemq",
        "amazonsqs" => "aws_sqs",
        "sb" => "servicebus",
        "nats" => "nats",
        _ => return None,
    })
}
