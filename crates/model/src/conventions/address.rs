//! Takes URLs and `host:port` texts apart, borrowing. It resolves nothing and fills in no default.

/// A host with the port that was written beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostPort<'a> {
    /// Without brackets, not empty.
    pub host: &'a str,
    pub port: Option<u16>,
}

impl<'a> HostPort<'a> {
    /// Reads `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address; nothing where the host is empty.
    pub fn parse(text: &'a str) -> Option<HostPort<'a>> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix('[') {
            let (host, after) = rest.split_once(']')?;
            let port = after.strip_prefix(':').and_then(|port| port.parse().ok());
            return (!host.is_empty()).then_some(HostPort { host, port });
        }
        let (host, port) = match text.rsplit_once(':') {
            // More than one colon and no brackets: an IPv6 address without a port.
            Some((host, port)) if !host.contains(':') => (host, port.parse().ok()),
            _ => (text, None),
        };
        (!host.is_empty()).then_some(HostPort { host, port })
    }
}

/// The parts of a URL that say where it leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Url<'a> {
    pub scheme: &'a str,
    pub authority: Option<HostPort<'a>>,
    /// Without query and fragment; empty where the URL ends at its authority.
    pub path: &'a str,
}

impl<'a> Url<'a> {
    /// Reads `scheme://[userinfo@]host[:port][/path][?query][#fragment]`; nothing without a scheme.
    pub fn parse(text: &'a str) -> Option<Url<'a>> {
        let end = scheme_end(text.as_bytes())?;
        let (scheme, rest) = (&text[..end], &text[end + 3..]);
        // `jdbc:mysql://…`: the driver's scheme is the last part.
        let scheme = scheme.rsplit_once(':').map_or(scheme, |(_, last)| last);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Some(Url { scheme, authority: HostPort::parse(authority), path: without_query(path) })
    }
}

/// Where `://` stands. A colon is looked for rather than the three characters, since it is rare and found fast.
fn scheme_end(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(colon) = bytes[from..].iter().position(|byte| *byte == b':') {
        let at = from + colon;
        if bytes[at + 1..].starts_with(b"//") {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// A request target up to its query or fragment.
pub(crate) fn without_query(target: &str) -> &str {
    &target[..target.find(['?', '#']).unwrap_or(target.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn host_port(text: &str, expected: Option<(&str, Option<u16>)>) {
        assert_eq!(HostPort::parse(text).map(|found| (found.host, found.port)), expected);
    }

    #[test]
    fn a_host_is_read_with_and_without_a_port() {
        host_port("127.0.0.1:7101", Some(("127.0.0.1", Some(7101))));
        host_port("db1", Some(("db1", None)));
        host_port("[::1]:80", Some(("::1", Some(80))));
        host_port("::ffff:127.0.0.1", Some(("::ffff:127.0.0.1", None)));
        host_port("db1:many", Some(("db1", None)));
        host_port(":80", None);
        host_port("", None);
        host_port("[", None);
    }

    #[test]
    fn a_url_leads_to_its_host_whatever_stands_before_or_behind() {
        let url =
            Url::parse("https://user:p@ss@Shop.example:8443/a/b?c=d://e#f").expect("has a scheme");
        assert_eq!((url.scheme, url.path), ("https", "/a/b"));
        assert_eq!(url.authority, Some(HostPort { host: "Shop.example", port: Some(8443) }));
        let jdbc = Url::parse("jdbc:mysql://db1:3306/shop").expect("has a scheme");
        assert_eq!((jdbc.scheme, jdbc.authority.map(|a| a.host)), ("mysql", Some("db1")));
        assert_eq!(Url::parse("/order/1"), None);
    }
}
