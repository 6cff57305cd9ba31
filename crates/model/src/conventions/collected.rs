//! The table itself: every attribute name of either generation that a rule needs, and which wins when several are sent.

use std::cell::LazyCell;

use super::address::{HostPort, Url, without_query};
use super::messaging::{MessagingOperation, is_empty, is_nameless, name_parts, without_queue};
use super::{Facts, SpanView, systems};
use crate::attributes::Value;
use crate::span::SpanKind;

/// How many places an address may stand in.
const SOURCES: usize = 8;

/// An attribute sent under a stable and under older names; the stable one wins.
#[derive(Clone, Copy, Debug, Default)]
struct Both<'a> {
    stable: Option<&'a str>,
    old: Option<&'a str>,
}

impl<'a> Both<'a> {
    fn get(self) -> Option<&'a str> {
        self.stable.or(self.old)
    }
}

/// What the pass over the attributes found, before anything is decided.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Collected<'a> {
    facts: Facts<'a>,
    method: Both<'a>,
    status: [Option<i64>; 2],
    path: Option<&'a str>,
    target: Option<&'a str>,
    url: Both<'a>,
    scheme: Both<'a>,
    user_agent: Both<'a>,
    http_host: Option<&'a str>,
    server: (Option<&'a str>, Option<i64>),
    net_peer: (Option<&'a str>, Option<i64>),
    net_host: (Option<&'a str>, Option<i64>),
    sock_peer: (Option<&'a str>, Option<i64>),
    sock_address: Option<&'a str>,
    peer_address: Option<&'a str>,
    network_peer: (Option<&'a str>, Option<i64>),
    client: Option<&'a str>,
    db_system: Both<'a>,
    db_namespace: Both<'a>,
    db_statement: Both<'a>,
    db_operation: Both<'a>,
    db_collection: Both<'a>,
    connection: Option<&'a str>,
    rpc_system: Both<'a>,
    destination: Both<'a>,
    destination_template: Option<&'a str>,
    routing_key: Option<&'a str>,
    queue: Option<&'a str>,
    operation: Both<'a>,
    operation_name: Option<&'a str>,
    message_id: Both<'a>,
    messaging_url: Option<&'a str>,
    /// Where MassTransit receives from, or what it processes was sent to.
    masstransit: Both<'a>,
    /// Any attribute of messaging was there.
    messaging: bool,
}

impl<'a> Collected<'a> {
    /// Notes one attribute.
    pub(super) fn take(&mut self, key: &'a str, value: Value<'a>) {
        let Some((family, rest)) = key.split_once('.') else { return };
        match family {
            "http" => self.take_http(rest, value),
            "url" => self.take_url(rest, value),
            "server" | "client" | "net" | "network" | "peer" | "user_agent" => {
                self.take_network(family, rest, value);
            }
            "db" => self.take_db(rest, value),
            "rpc" => self.take_rpc(rest, value),
            "messaging" => self.take_messaging(rest, value),
            "celery" | "graphql" | "faas" | "error" | "aws" => self.take_other(key, value),
            _ => {}
        }
    }

    fn take_http(&mut self, rest: &str, value: Value<'a>) {
        match rest {
            "request.method" => self.method.stable = text(value),
            "method" => self.method.old = text(value),
            "route" => self.facts.http_route = text(value),
            "response.status_code" => self.status[0] = value.as_int(),
            "status_code" => self.status[1] = value.as_int(),
            "target" => self.target = text(value),
            "url" => self.url.old = text(value),
            "scheme" => self.scheme.old = text(value),
            "host" => self.http_host = text(value),
            "user_agent" => self.user_agent.old = text(value),
            "client_ip" => self.client = self.client.or(text(value)),
            _ => {}
        }
    }

    fn take_url(&mut self, rest: &str, value: Value<'a>) {
        match rest {
            "path" => self.path = text(value),
            "full" => self.url.stable = text(value),
            "scheme" => self.scheme.stable = text(value),
            _ => {}
        }
    }

    fn take_network(&mut self, family: &str, rest: &str, value: Value<'a>) {
        match (family, rest) {
            ("server", "address") => self.server.0 = text(value),
            ("server", "port") => self.server.1 = value.as_int(),
            ("client", "address") => self.client = text(value),
            ("user_agent", "original") => self.user_agent.stable = text(value),
            ("net", "peer.name") => self.net_peer.0 = text(value),
            ("net", "peer.port") => self.net_peer.1 = value.as_int(),
            ("net", "host.name") => self.net_host.0 = text(value),
            ("net", "host.port") => self.net_host.1 = value.as_int(),
            ("net", "sock.peer.name") => self.sock_peer.0 = text(value),
            ("net", "sock.peer.port") => self.sock_peer.1 = value.as_int(),
            ("net", "sock.peer.addr" | "peer.ip") => self.sock_address = text(value),
            ("network", "peer.address") => self.network_peer.0 = text(value),
            ("network", "peer.port") => self.network_peer.1 = value.as_int(),
            ("peer", "service") => self.facts.peer_service = text(value),
            ("peer", "address" | "hostname") => self.peer_address = text(value),
            _ => {}
        }
    }

    fn take_db(&mut self, rest: &str, value: Value<'a>) {
        match rest {
            "system.name" => self.db_system.stable = text(value),
            "system" => self.db_system.old = text(value),
            "namespace" => self.db_namespace.stable = text(value),
            "name" | "cassandra.keyspace" | "hbase.namespace" => {
                self.db_namespace.old = text(value)
            }
            "redis.database_index" => self.facts.db_index = value.as_int(),
            "query.text" => self.db_statement.stable = text(value),
            "statement" => self.db_statement.old = text(value),
            "operation.name" => self.db_operation.stable = text(value),
            "operation" => self.db_operation.old = text(value),
            "collection.name" => self.db_collection.stable = text(value),
            "sql.table" | "mongodb.collection" | "cassandra.table" => {
                self.db_collection.old = text(value)
            }
            "connection_string" => self.connection = text(value),
            _ => {}
        }
    }

    fn take_rpc(&mut self, rest: &str, value: Value<'a>) {
        match rest {
            "system.name" => self.rpc_system.stable = text(value),
            "system" => self.rpc_system.old = text(value),
            "service" => self.facts.rpc_service = text(value),
            "method" => self.facts.rpc_method = text(value),
            _ => {}
        }
    }

    fn take_messaging(&mut self, rest: &str, value: Value<'a>) {
        self.messaging = true;
        match rest {
            "system" => self.facts.messaging_system = text(value),
            "destination.name" => self.destination.stable = text(value),
            "destination" => self.destination.old = text(value),
            "destination.template" => self.destination_template = text(value),
            "rabbitmq.destination.routing_key" | "rabbitmq.routing_key" => {
                self.routing_key = text(value)
            }
            "kafka.topic" | "topic" | "queue" | "source.name" | "source" => {
                self.queue = text(value)
            }
            "operation.type" => self.operation.stable = text(value),
            "operation" => self.operation.old = text(value),
            "operation.name" => self.operation_name = text(value),
            "message.id" => self.message_id.stable = text(value),
            "message_id" => self.message_id.old = text(value),
            "batch.message_count" | "batch_size" => {
                self.facts.messaging_batch_size = value.as_int()
            }
            "url" => self.messaging_url = text(value),
            "masstransit.input_address" => self.masstransit.stable = text(value),
            "masstransit.destination_address" => self.masstransit.old = text(value),
            _ => {}
        }
    }

    fn take_other(&mut self, key: &str, value: Value<'a>) {
        match key {
            "celery.task_name" => self.facts.celery_task = text(value),
            "graphql.operation.name" => self.facts.graphql_operation_name = text(value),
            "graphql.operation.type" => self.facts.graphql_operation_type = text(value),
            "faas.trigger" => self.facts.faas_trigger = text(value),
            "faas.name" | "faas.invoked_name" => self.facts.faas_name = text(value),
            "error.type" => self.facts.error_type = text(value),
            "aws.queue.name" | "aws.queue_name" => self.queue = text(value),
            "aws.queue.url" | "aws.queue_url" | "aws.sqs.queue.url" => {
                self.queue = text(value).and_then(|url| url.rsplit('/').next());
            }
            "aws.sns.topic.arn" => self.queue = text(value).and_then(|arn| arn.rsplit(':').next()),
            _ => {}
        }
    }

    /// Decides between what was sent under several names.
    pub(super) fn resolve(mut self, span: &SpanView<'a, '_>) -> Facts<'a> {
        self.resolve_http();
        self.resolve_address(span.kind);
        self.resolve_db();
        self.resolve_rpc(span);
        self.resolve_messaging(span);
        self.facts
    }

    fn resolve_http(&mut self) {
        let url = LazyCell::new(|| self.url.get().and_then(Url::parse));
        // A proxy's request target is a whole URL.
        let target = || match self.target? {
            target if target.starts_with('/') => Some(without_query(target)),
            target => Some(Url::parse(target).map_or(without_query(target), |url| url.path)),
        };
        let path = self.path.map(without_query).or_else(target).or_else(|| Some((*url)?.path));
        let scheme = self.scheme.get().or_else(|| Some((*url)?.scheme));
        let facts = &mut self.facts;
        facts.url_path = path.filter(|path| !path.is_empty());
        facts.url_scheme = scheme;
        facts.url_full = self.url.get();
        facts.http_method = self.method.get();
        facts.http_status =
            self.status[0].or(self.status[1]).and_then(|status| u16::try_from(status).ok());
        facts.user_agent = self.user_agent.get();
        facts.upgraded =
            facts.http_status == Some(101) || matches!(facts.url_scheme, Some("ws" | "wss"));
    }

    /// The first address wins. It comes with its own port, else with the port that another source gives the same host.
    fn resolve_address(&mut self, kind: SpanKind) {
        if kind == SpanKind::Server {
            self.facts.client_address = self.client.or(self.sock_address).or(self.network_peer.0);
        }
        let mut known = (0..SOURCES).filter_map(|place| match kind {
            SpanKind::Server => self.own_address(place),
            _ => self.far_address(place),
        });
        let Some(first) = known.next() else { return };
        let port = first
            .port
            .or_else(|| known.find(|other| other.host.eq_ignore_ascii_case(first.host))?.port);
        self.facts.server_address = Some(first.host);
        self.facts.server_port = port;
    }

    /// Where a server's own address may stand, best first.
    fn own_address(&self, place: usize) -> Option<HostPort<'a>> {
        match place {
            0 => pair(self.server),
            1 => pair(self.net_host),
            2 => self.http_host.and_then(HostPort::parse),
            3 => self.address_in_url(),
            _ => None,
        }
    }

    /// Where the address of a call's far end may stand, best first.
    fn far_address(&self, place: usize) -> Option<HostPort<'a>> {
        match place {
            0 => pair(self.server),
            1 => pair(self.net_peer),
            2 => self.address_in_url(),
            3 => self.http_host.and_then(HostPort::parse),
            4 => pair(self.sock_peer),
            5 => pair((self.sock_address, self.sock_peer.1.or(self.net_peer.1))),
            6 => self.peer_address.and_then(HostPort::parse),
            7 => pair(self.network_peer),
            _ => None,
        }
    }

    fn address_in_url(&self) -> Option<HostPort<'a>> {
        let urls = [self.url.get(), self.messaging_url, self.connection];
        urls.into_iter().flatten().find_map(Url::parse)?.authority
    }

    fn resolve_db(&mut self) {
        let facts = &mut self.facts;
        let queried = self.db_statement.get().or(self.db_operation.get()).is_some();
        let unnamed = queried.then_some(systems::OTHER_SQL);
        facts.db_system = self.db_system.get().map(systems::database).or(unnamed);
        facts.db_statement = self.db_statement.get();
        facts.db_operation = self.db_operation.get();
        facts.db_collection = self.db_collection.get();
        facts.db_namespace = self.db_namespace.get();
        if facts.db_system == Some("redis")
            && let Some(index) = facts.db_namespace.and_then(|namespace| namespace.parse().ok())
        {
            facts.db_index = Some(index);
            facts.db_namespace = None;
        }
        // Database 0 is where a client is that says nothing: agents of one program name it, of another do not.
        facts.db_index = facts.db_index.filter(|index| *index != 0);
    }

    fn resolve_rpc(&mut self, span: &SpanView<'a, '_>) {
        let facts = &mut self.facts;
        facts.rpc_system = self.rpc_system.get();
        if facts.rpc_system.is_none() {
            return;
        }
        // Go's probes write the whole name where the service belongs.
        let whole = facts.rpc_method.or(facts.rpc_service).unwrap_or(span.name);
        let Some((service, method)) = whole.trim_start_matches('/').rsplit_once('/') else {
            return;
        };
        let sent = facts.rpc_service.filter(|sent| *sent != whole);
        facts.rpc_service = sent.or(Some(service));
        facts.rpc_method = Some(method);
    }

    fn resolve_messaging(&mut self, span: &SpanView<'a, '_>) {
        let by_kind = MessagingOperation::of_kind(span.kind);
        if !self.messaging && by_kind.is_none() {
            return;
        }
        let name = name_parts(span);
        let scheme = || Some(self.masstransit.get()?.split_once("://")?.0);
        let facts = &mut self.facts;
        facts.messaging_system = facts
            .messaging_system
            .map(systems::messaging)
            .or_else(|| systems::messaging_of_scope(span.scope))
            .or_else(|| systems::messaging_of_scheme(scheme()?));
        let sent = [self.operation.get(), self.operation_name];
        facts.messaging_operation = sent
            .into_iter()
            .flatten()
            .find_map(MessagingOperation::from_word)
            .or(name.operation)
            .or(by_kind)
            .or((span.kind == SpanKind::Client).then_some(MessagingOperation::Publish));
        let destination = [self.destination.stable, self.destination.old].into_iter().flatten();
        facts.messaging_destination = destination
            .map(|destination| without_queue(destination, self.routing_key))
            .chain([self.routing_key, self.queue, self.destination_template].into_iter().flatten())
            .find(|destination| !is_nameless(destination));
        // Java's RabbitMQ client names every method of the protocol so: `queue.declare`, `basic.ack`.
        let says_nothing = self.operation.get().or(self.operation_name).is_none()
            && name.operation.is_none()
            && facts.messaging_destination.is_none();
        if span.kind == SpanKind::Client && says_nothing {
            facts.messaging_operation = Some(MessagingOperation::Manage);
            return;
        }
        facts.messaging_destination = facts.messaging_destination.or(name.rest);
        facts.messaging_message_id = self.message_id.get();
        if self.operation_name.is_some_and(is_empty) {
            facts.messaging_batch_size = Some(0);
        }
    }
}

/// A text that is not empty.
fn text(value: Value<'_>) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// An address and its port from two attributes; the address may hold the port as well (seen in `net.host.name`).
fn pair<'a>((address, port): (Option<&'a str>, Option<i64>)) -> Option<HostPort<'a>> {
    let address = address?;
    let port = port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
    // A socket's path is an address of its own.
    if address.starts_with('/') {
        return Some(HostPort { host: address, port: None });
    }
    let read = HostPort::parse(address)?;
    Some(HostPort { host: read.host, port: port.or(read.port) })
}
