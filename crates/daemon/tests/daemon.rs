//! Listeners with real sockets and real TLS: what senders of all kinds get, and what the operator learns of them.

#[path = "daemon/client.rs"]
mod client;
#[path = "daemon/server.rs"]
mod server;

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use client::{Trust, get};
use daemon::{
    listener::{Drained, HandshakeCause, Limits, Listener},
    tls::ServerTls,
};
use server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SHORT: Duration = Duration::from_millis(80);

#[tokio::test]
async fn http_1_and_http_2_are_chosen_by_alpn_and_the_app_sees_the_peer() {
    let server = Server::tls(Limits::default()).await;
    for (alpn, version) in [("h2", "HTTP/2.0"), ("http/1.1", "HTTP/1.1"), ("", "HTTP/1.1")] {
        let (stream, local) =
            client::tls(server.address, Trust::In(&server.tls), alpn).await.unwrap();
        let (status, body) = get(stream, alpn == "h2", "/who").await;
        assert_eq!((status, body), (StatusCode::OK, format!("{local} {version}")), "ALPN {alpn:?}");
    }
}

#[tokio::test]
async fn the_certificate_convinces_a_client_by_name_and_by_address() {
    let server = Server::tls(Limits::default()).await;
    for name in ["localhost", "127.0.0.1", "v.example"] {
        client::tls_as(server.address, name, Trust::In(&server.tls), "h2").await.unwrap();
    }
}

#[tokio::test]
async fn plain_http_on_the_https_port_gets_a_sentence_and_is_reported() {
    let mut server = Server::tls(Limits::default()).await;
    let request =
        "POST /v1/traces?key=x HTTP/1.1\r\nHost: v.example:9443\r\nContent-Length: 3\r\n\r\nabc";
    let answer = client::raw(server.address, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(
        answer.ends_with(
            "\r\n\r\nThis port speaks HTTPS only: use https://v.example:9443 instead.\n"
        ),
        "{answer}"
    );
    let failure = server.failure().await;
    assert_eq!(
        (failure.cause, failure.detail.as_str()),
        (HandshakeCause::PlainHttp, "POST /v1/traces")
    );
    assert!(
        server.metrics().contains(
            "tls_handshakes_failed_total{listener=\"https-listen\",cause=\"plain_http\"} 1"
        )
    );
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_ca_is_reported_with_the_name_it_used() {
    let mut server = Server::tls(Limits::default()).await;
    client::tls_as(server.address, "v.example", Trust::InNobody, "h2").await.unwrap_err();
    let failure = server.failure().await;
    assert_eq!(
        (failure.cause, failure.server_name.as_deref()),
        (HandshakeCause::NotTrusted, Some("v.example"))
    );
    assert_eq!(failure.peer.ip(), server.address.ip());
}

#[tokio::test]
async fn a_client_that_reaches_the_server_by_a_name_not_in_the_certificate_is_reported() {
    let mut server = Server::tls(Limits::default()).await;
    client::tls_as(server.address, "other.example", Trust::In(&server.tls), "h2")
        .await
        .unwrap_err();
    let failure = server.failure().await;
    assert_eq!(
        (failure.cause, failure.server_name.as_deref()),
        (HandshakeCause::NotTrusted, Some("other.example"))
    );
}

#[tokio::test]
async fn a_connection_closed_right_after_the_handshake_is_reported() {
    let mut server = Server::tls(Limits::default()).await;
    let (stream, _) =
        client::tls(server.address, Trust::In(&server.tls), "http/1.1").await.unwrap();
    drop(stream);
    assert_eq!(server.failure().await.cause, HandshakeCause::Unused);
}

#[tokio::test]
async fn a_handshake_that_stalls_is_ended_and_reported() {
    let mut server = Server::tls(Limits { handshake_timeout: SHORT, ..Limits::default() }).await;
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&[0x16, 3, 1]).await.unwrap();
    assert_eq!(server.failure().await.cause, HandshakeCause::TimedOut);
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_port_check_that_says_nothing_is_no_failure() {
    let mut server = Server::tls(Limits { handshake_timeout: SHORT, ..Limits::default() }).await;
    drop(tokio::net::TcpStream::connect(server.address).await.unwrap());
    let mut silent = tokio::net::TcpStream::connect(server.address).await.unwrap();
    assert_eq!(silent.read(&mut [0; 9]).await.unwrap(), 0, "the silent connection is closed");
    assert!(server.no_failure());
}

#[tokio::test]
async fn the_plain_listener_takes_http_1_and_http_2_by_prior_knowledge() {
    let server = Server::plain(Limits::default()).await;
    for (two, version) in [(false, "HTTP/1.1"), (true, "HTTP/2.0")] {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let local = stream.local_addr().unwrap();
        assert_eq!(get(stream, two, "/who").await, (StatusCode::OK, format!("{local} {version}")));
    }
}

#[tokio::test]
async fn a_request_whose_headers_are_too_large_is_refused() {
    let server = Server::plain(Limits { max_header_bytes: 8 << 10, ..Limits::default() }).await;
    let request = format!("GET /who HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(9 << 10));
    let answer = client::raw(server.address, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn idle_connections_are_closed_whatever_they_speak() {
    let server = Server::plain(Limits { idle_timeout: SHORT, ..Limits::default() }).await;
    let openings: [&[u8]; 3] = [
        b"PRI * HT",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    for opening in openings {
        client::raw(server.address, opening).await;
    }
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let (status, _) = get(stream, true, "/slow/300").await;
    assert_eq!(status, StatusCode::OK, "a slow answer is not idleness");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_room() {
    let server = Server::plain(Limits { max_connections: 1, ..Limits::default() }).await;
    let first = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let second = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let waiting = tokio::spawn(async move { get(second, false, "/who").await });
    let (status, _) = get(first, false, "/open").await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = waiting.await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(server.metrics().contains("connections_total{listener=\"https-listen\"} 2"));
}

#[tokio::test]
async fn stopping_lets_a_request_finish_closes_idle_connections_and_frees_the_port() {
    let server = Server::tls(Limits::default()).await;
    let (idle, _) = client::tls(server.address, Trust::In(&server.tls), "http/1.1").await.unwrap();
    let (busy, _) = client::tls(server.address, Trust::In(&server.tls), "h2").await.unwrap();
    let answer = tokio::spawn(async move { get(busy, true, "/gate").await });
    server.at_gate().await;
    server.stop.cancel();
    let mut idle = idle;
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
    let rebound = Listener::bind(server.address, "https-listen").await.unwrap();
    server.open_gate();
    assert_eq!(answer.await.unwrap(), (StatusCode::OK, "through".to_owned()));
    assert_eq!(server.ended().await, Drained { cut: 0 });
    drop(rebound);
}

#[tokio::test]
async fn stopping_cuts_what_is_still_busy_when_the_time_is_over() {
    let server = Server::plain(Limits { drain: SHORT, ..Limits::default() }).await;
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let stuck = tokio::spawn(async move { client::try_get(stream, false, "/gate").await });
    server.at_gate().await;
    server.stop.cancel();
    assert_eq!(server.ended().await, Drained { cut: 1 });
    assert!(stuck.await.unwrap().is_err());
}

#[tokio::test]
async fn a_changed_own_certificate_serves_the_next_handshake_and_leaves_open_connections_alone() {
    let dir = tempfile::tempdir().unwrap();
    let own = server::own_certificate(dir.path());
    let first = server::write_own(&own);
    let config = daemon::tls::Config {
        dir: dir.path().join("tls"),
        names: Default::default(),
        own: Some(own.clone()),
    };
    let tls = Arc::new(ServerTls::open(config, daemon::clock::SystemClock::shared()).unwrap());
    let server = Server::start(Some(Arc::clone(&tls)), Limits::default()).await;
    let (open, _) =
        client::tls_as(server.address, "own.example", Trust::Only(&first), "h2").await.unwrap();

    let second = server::write_own(&own);
    assert!(tls.step().unwrap().is_some());
    client::tls_as(server.address, "own.example", Trust::Only(&first), "h2").await.unwrap_err();
    client::tls_as(server.address, "own.example", Trust::Only(&second), "h2").await.unwrap();
    assert_eq!(get(open, true, "/who").await.0, StatusCode::OK);
}
