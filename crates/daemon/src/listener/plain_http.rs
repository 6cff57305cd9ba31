//! Plain HTTP on the HTTPS port: one sentence that says what to use instead.

use std::{net::SocketAddr, time::Duration};

use http::uri::Authority;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

/// Enough for the head of any request that a person or an agent sends by mistake.
const HEAD: usize = 4 << 10;
const PATIENCE: Duration = Duration::from_secs(1);
/// Read and thrown away after the answer, so that closing does not reset the connection before the answer is read.
const REST: usize = 256 << 10;

/// Answers and closes; returns what was asked for, for the list of failures.
pub(super) async fn refuse(mut stream: TcpStream) -> String {
    let head = read_head(&mut stream).await;
    let here = stream.local_addr().ok();
    let answered = async {
        stream.write_all(answer(&head, here).as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = vec![0; 8 << 10];
        let mut left = REST;
        while left > 0 {
            match stream.read(&mut rest).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        std::io::Result::Ok(())
    };
    // Whether the sender waited for the answer is the sender's affair.
    drop(time::timeout(PATIENCE, answered).await);
    asked(&head)
}

/// What came of the request's head until it ended, or the sender paused.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = vec![0; HEAD];
    let mut filled = 0;
    let whole = async {
        while filled < HEAD && !head[..filled].windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut head[filled..]).await {
                Ok(read) if read > 0 => filled += read,
                _ => break,
            }
        }
    };
    drop(time::timeout(PATIENCE, whole).await);
    String::from_utf8_lossy(&head[..filled]).into_owned()
}

fn answer(head: &str, here: Option<SocketAddr>) -> String {
    let asked_host =
        head.lines().skip(1).find_map(host_in).filter(|host| host.parse::<Authority>().is_ok());
    let place = asked_host
        .map(str::to_owned)
        .or_else(|| here.map(|here| here.to_string()))
        .unwrap_or_default();
    let sentence = format!("This port speaks HTTPS only: use https://{place} instead.\n");
    format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{sentence}",
        sentence.len()
    )
}

fn host_in(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case("host").then(|| value.trim())
}

/// Method and path; a query may hold secrets.
fn asked(head: &str) -> String {
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    match (words.next(), words.next()) {
        (Some(method), Some(target)) if method.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            let path = target.split(['?', '#']).next().unwrap_or_default();
            format!("{method} {path}")
        }
        _ => "neither TLS nor HTTP".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(head: &str) -> String {
        let answer = answer(head, Some("10.0.0.1:443".parse().unwrap()));
        answer.split("\r\n\r\n").nth(1).unwrap().trim_end().to_owned()
    }

    #[test]
    fn the_answer_names_the_host_that_was_asked_for() {
        assert_eq!(
            told("GET / HTTP/1.1\r\nhost: v.example:9443\r\n\r\n"),
            "This port speaks HTTPS only: use https://v.example:9443 instead."
        );
    }

    #[test]
    fn without_a_usable_host_it_names_the_address() {
        for head in [
            "GET / HTTP/1.0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: <script>\r\n\r\n",
            "",
            "\u{fffd}\u{fffd}",
        ] {
            assert_eq!(
                told(head),
                "This port speaks HTTPS only: use https://10.0.0.1:443 instead.",
                "{head:?}"
            );
        }
    }

    #[test]
    fn what_was_asked_is_told_without_its_query() {
        assert_eq!(asked("POST /v1/traces?key=secret HTTP/1.1\r\n"), "POST /v1/traces");
        assert_eq!(asked("\u{0}\u{1} rubbish"), "neither TLS nor HTTP");
        assert_eq!(asked(""), "neither TLS nor HTTP");
    }
}
