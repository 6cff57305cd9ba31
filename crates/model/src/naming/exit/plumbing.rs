//! Spans of the layers below a call: sockets, names, files, encryption. They make no transaction, backend or exit call.

/// Whether a span comes from net, dns, fs or tls instrumentation, whatever its runtime.
pub fn is_plumbing(scope: &str, name: &str) -> bool {
    if let Some(package) = scope.strip_prefix("@opentelemetry/instrumentation-") {
        return matches!(package, "net" | "dns" | "fs" | "tls");
    }
    if let Some(part) = scope.strip_prefix("Experimental.System.Net.") {
        return matches!(part, "NameResolution" | "Sockets" | "Security" | "Http.Connections");
    }
    match name {
        "tcp.connect" | "tls.connect" | "ipc.connect" | "connect.tls" => true,
        "dns.lookup" | "dns.resolve" | "DNS" => true,
        // Go's httptrace, Java's Netty.
        "http.dns" | "http.connect" | "http.tls" | "http.getconn" => true,
        // Go's otelsql: the pool takes a connection again, the rows of an answered query are read.
        "sql.rows" | "sql.conn.reset_session" => scope.ends_with("/otelsql"),
        "RESOLVE" | "CONNECT" | "SSL handshake" => scope.contains("netty"),
        _ => false,
    }
}

/// Whether a client's span is the opening of its connection.
pub(super) fn is_connect(name: &str) -> bool {
    let last = name.rsplit(['.', '-', ' ', '_']).next().unwrap_or(name);
    last.eq_ignore_ascii_case("connect")
}
