//! Names of attributes that a rule needs, of either generation, so that a key is compared once and not with every span.

/// What an attribute is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// No rule needs it.
    Other,
    /// Nor this one, except for being of messaging.
    MessagingOther,
    HttpMethod,
    HttpMethodOld,
    HttpRoute,
    HttpStatus,
    HttpStatusOld,
    HttpTarget,
    HttpUrl,
    HttpScheme,
    HttpHost,
    HttpUserAgent,
    HttpClientIp,
    UrlPath,
    UrlFull,
    UrlScheme,
    ServerAddress,
    ServerPort,
    ClientAddress,
    UserAgent,
    NetPeerName,
    NetPeerPort,
    NetHostName,
    NetHostPort,
    NetSockPeerName,
    NetSockPeerPort,
    NetSockAddress,
    NetworkPeerAddress,
    NetworkPeerPort,
    PeerService,
    PeerAddress,
    DbSystem,
    DbSystemOld,
    DbNamespace,
    DbNamespaceOld,
    DbIndex,
    DbStatement,
    DbStatementOld,
    DbOperation,
    DbOperationOld,
    DbCollection,
    DbCollectionOld,
    DbConnection,
    RpcSystem,
    RpcSystemOld,
    RpcService,
    RpcMethod,
    MessagingSystem,
    MessagingDestination,
    MessagingDestinationOld,
    MessagingTemplate,
    MessagingRoutingKey,
    MessagingQueue,
    MessagingOperationType,
    MessagingOperationOld,
    MessagingOperationName,
    MessagingId,
    MessagingIdOld,
    MessagingBatch,
    MessagingUrl,
    MasstransitInput,
    MasstransitDestination,
    CeleryTask,
    GraphqlName,
    GraphqlType,
    FaasTrigger,
    FaasName,
    ErrorType,
    AwsQueue,
    AwsQueueUrl,
    AwsTopic,
}

impl Name {
    /// The name of a key.
    pub fn of(key: &str) -> Name {
        match key {
            "http.request.method" => Name::HttpMethod,
            "http.method" => Name::HttpMethodOld,
            "http.route" => Name::HttpRoute,
            "http.response.status_code" => Name::HttpStatus,
            "http.status_code" => Name::HttpStatusOld,
            "http.target" => Name::HttpTarget,
            "http.url" => Name::HttpUrl,
            "http.scheme" => Name::HttpScheme,
            "http.host" => Name::HttpHost,
            "http.user_agent" => Name::HttpUserAgent,
            "http.client_ip" => Name::HttpClientIp,
            "url.path" => Name::UrlPath,
            "url.full" => Name::UrlFull,
            "url.scheme" => Name::UrlScheme,
            "server.address" => Name::ServerAddress,
            "server.port" => Name::ServerPort,
            "client.address" => Name::ClientAddress,
            "user_agent.original" => Name::UserAgent,
            "net.peer.name" => Name::NetPeerName,
            "net.peer.port" => Name::NetPeerPort,
            "net.host.name" => Name::NetHostName,
            "net.host.port" => Name::NetHostPort,
            "net.sock.peer.name" => Name::NetSockPeerName,
            "net.sock.peer.port" => Name::NetSockPeerPort,
            "net.sock.peer.addr" | "net.peer.ip" => Name::NetSockAddress,
            "network.peer.address" => Name::NetworkPeerAddress,
            "network.peer.port" => Name::NetworkPeerPort,
            "peer.service" => Name::PeerService,
            "peer.address" | "peer.hostname" => Name::PeerAddress,
            "db.system.name" => Name::DbSystem,
            "db.system" => Name::DbSystemOld,
            "db.namespace" => Name::DbNamespace,
            "db.name" | "db.cassandra.keyspace" | "db.hbase.namespace" => Name::DbNamespaceOld,
            "db.redis.database_index" => Name::DbIndex,
            "db.query.text" => Name::DbStatement,
            "db.statement" => Name::DbStatementOld,
            "db.operation.name" => Name::DbOperation,
            "db.operation" => Name::DbOperationOld,
            "db.collection.name" => Name::DbCollection,
            "db.sql.table" | "db.mongodb.collection" | "db.cassandra.table" => {
                Name::DbCollectionOld
            }
            "db.connection_string" => Name::DbConnection,
            "rpc.system.name" => Name::RpcSystem,
            "rpc.system" => Name::RpcSystemOld,
            "rpc.service" => Name::RpcService,
            "rpc.method" => Name::RpcMethod,
            "messaging.system" => Name::MessagingSystem,
            "messaging.destination.name" => Name::MessagingDestination,
            "messaging.destination" => Name::MessagingDestinationOld,
            "messaging.destination.template" => Name::MessagingTemplate,
            "messaging.rabbitmq.destination.routing_key" | "messaging.rabbitmq.routing_key" => {
                Name::MessagingRoutingKey
            }
            "messaging.kafka.topic"
            | "messaging.topic"
            | "messaging.queue"
            | "messaging.source.name"
            | "messaging.source" => Name::MessagingQueue,
            "messaging.operation.type" => Name::MessagingOperationType,
            "messaging.operation" => Name::MessagingOperationOld,
            "messaging.operation.name" => Name::MessagingOperationName,
            "messaging.message.id" => Name::MessagingId,
            "messaging.message_id" => Name::MessagingIdOld,
            "messaging.batch.message_count" | "messaging.batch_size" => Name::MessagingBatch,
            "messaging.url" => Name::MessagingUrl,
            "messaging.masstransit.input_address" => Name::MasstransitInput,
            "messaging.masstransit.destination_address" => Name::MasstransitDestination,
            "celery.task_name" => Name::CeleryTask,
            "graphql.operation.name" => Name::GraphqlName,
            "graphql.operation.type" => Name::GraphqlType,
            "faas.trigger" => Name::FaasTrigger,
            "faas.name" | "faas.invoked_name" => Name::FaasName,
            "error.type" => Name::ErrorType,
            "aws.queue.name" | "aws.queue_name" => Name::AwsQueue,
            "aws.queue.url" | "aws.queue_url" | "aws.sqs.queue.url" => Name::AwsQueueUrl,
            "aws.sns.topic.arn" => Name::AwsTopic,
            key if key.starts_with("messaging.") => Name::MessagingOther,
            _ => Name::Other,
        }
    }

    /// Whether it is an attribute of messaging.
    pub(super) fn is_messaging(self) -> bool {
        use Name::*;
        matches!(
            self,
            MessagingOther
                | MessagingSystem
                | MessagingDestination
                | MessagingDestinationOld
                | MessagingTemplate
                | MessagingRoutingKey
                | MessagingQueue
                | MessagingOperationType
                | MessagingOperationOld
                | MessagingOperationName
                | MessagingId
                | MessagingIdOld
                | MessagingBatch
                | MessagingUrl
                | MasstransitInput
                | MasstransitDestination
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_begins_with_messaging_is_of_messaging() {
        for key in
            ["messaging.system", "messaging.masstransit.input_address", "messaging.x", "messaging."]
        {
            assert!(Name::of(key).is_messaging(), "{key}");
        }
        for key in ["messaging", "aws.queue.name", "", "http.route"] {
            assert!(!Name::of(key).is_messaging(), "{key}");
        }
    }
}
