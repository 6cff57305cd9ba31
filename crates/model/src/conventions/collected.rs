//! The table itself: what each attribute name means, and which wins when several are sent.

use std::cell::LazyCell;

use super::address::{HostPort, Url, without_query};
use super::messaging::{MessagingOperation, is_empty, is_nameless, name_parts, without_queue};
use super::names::Name;
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
    pub(super) fn take(&mut self, name: Name, value: Value<'a>) {
        self.messaging |= name.is_messaging();
        match name {
            Name::Other | Name::MessagingOther => {}
            Name::HttpMethod => self.method.stable = text(value),
            Name::HttpMethodOld => self.method.old = text(value),
            Name::HttpRoute => self.facts.http_route = text(value),
            Name::HttpStatus => self.status[0] = value.as_int(),
            Name::HttpStatusOld => self.status[1] = value.as_int(),
            Name::HttpTarget => self.target = text(value),
            Name::HttpUrl => self.url.old = text(value),
            Name::HttpScheme => self.scheme.old = text(value),
            Name::HttpHost => self.http_host = text(value),
            Name::HttpUserAgent => self.user_agent.old = text(value),
            Name::HttpClientIp => self.client = self.client.or(text(value)),
            Name::UrlPath => self.path = text(value),
            Name::UrlFull => self.url.stable = text(value),
            Name::UrlScheme => self.scheme.stable = text(value),
            Name::ServerAddress => self.server.0 = text(value),
            Name::ServerPort => self.server.1 = value.as_int(),
            Name::ClientAddress => self.client = text(value),
            Name::UserAgent => self.user_agent.stable = text(value),
            Name::NetPeerName => self.net_peer.0 = text(value),
            Name::NetPeerPort => self.net_peer.1 = value.as_int(),
            Name::NetHostName => self.net_host.0 = text(value),
            Name::NetHostPort => self.net_host.1 = value.as_int(),
            Name::NetSockPeerName => self.sock_peer.0 = text(value),
            Name::NetSockPeerPort => self.sock_peer.1 = value.as_int(),
            Name::NetSockAddress => self.sock_address = text(value),
            Name::NetworkPeerAddress => self.network_peer.0 = text(value),
            Name::NetworkPeerPort => self.network_peer.1 = value.as_int(),
            Name::PeerService => self.facts.peer_service = text(value),
            Name::PeerAddress => self.peer_address = text(value),
            Name::DbSystem => self.db_system.stable = text(value),
            Name::DbSystemOld => self.db_system.old = text(value),
            Name::DbNamespace => self.db_namespace.stable = text(value),
            Name::DbNamespaceOld => self.db_namespace.old = text(value),
            Name::DbIndex => self.facts.db_index = value.as_int(),
            Name::DbStatement => self.db_statement.stable = text(value),
            Name::DbStatementOld => self.db_statement.old = text(value),
            Name::DbOperation => self.db_operation.stable = text(value),
            Name::DbOperationOld => self.db_operation.old = text(value),
            Name::DbCollection => self.db_collection.stable = text(value),
            Name::DbCollectionOld => self.db_collection.old = text(value),
            Name::DbConnection => self.connection = text(value),
            Name::RpcSystem => self.rpc_system.stable = text(value),
            Name::RpcSystemOld => self.rpc_system.old = text(value),
            Name::RpcService => self.facts.rpc_service = text(value),
            Name::RpcMethod => self.facts.rpc_method = text(value),
            Name::MessagingSystem => self.facts.messaging_system = text(value),
            Name::MessagingDestination => self.destination.stable = text(value),
            Name::MessagingDestinationOld => self.destination.old = text(value),
            Name::MessagingTemplate => self.destination_template = text(value),
            Name::MessagingRoutingKey => self.routing_key = text(value),
            Name::MessagingQueue => self.queue = text(value),
            Name::MessagingOperationType => self.operation.stable = text(value),
            Name::MessagingOperationOld => self.operation.old = text(value),
            Name::MessagingOperationName => self.operation_name = text(value),
            Name::MessagingId => self.message_id.stable = text(value),
            Name::MessagingIdOld => self.message_id.old = text(value),
            Name::MessagingBatch => self.facts.messaging_batch_size = value.as_int(),
            Name::MessagingUrl => self.messaging_url = text(value),
            Name::MasstransitInput => self.masstransit.stable = text(value),
            Name::MasstransitDestination => self.masstransit.old = text(value),
            Name::CeleryTask => self.facts.celery_task = text(value),
            Name::GraphqlName => self.facts.graphql_operation_name = text(value),
            Name::GraphqlType => self.facts.graphql_operation_type = text(value),
            Name::FaasTrigger => self.facts.faas_trigger = text(value),
            Name::FaasName => self.facts.faas_name = text(value),
            Name::ErrorType => self.facts.error_type = text(value),
            Name::AwsQueue => self.queue = text(value),
            Name::AwsQueueUrl => self.queue = text(value).and_then(|url| url.rsplit('/').next()),
            Name::AwsTopic => self.queue = text(value).and_then(|arn| arn.rsplit(':').next()),
        }
    }

    /// Decides between what was sent under several names.
    pub(super) fn resolve(&mut self, span: &SpanView<'a, '_>) -> Facts<'a> {
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
