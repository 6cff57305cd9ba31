//! Where notices may go: not into the machine's own networks, unless the settings file says so.
//!
//! A name is resolved once, its addresses are checked, and the connection goes to a checked address, so that a name that
//! resolves to something else a moment later leads nowhere.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use daemon::tls::own_addresses;

/// Networks and names that are allowed though they are inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    networks: Vec<Network>,
    names: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a target is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    #[error(
        "{host} is {address}, {why}: notices do not go into this machine's own networks. If it is meant, name it in the \
         setting notice-allow"
    )]
    Inside { host: String, address: IpAddr, why: &'static str },
    #[error("the name {host} does not resolve: {error}")]
    Unknown { host: String, error: String },
}

impl Refused {
    /// Whether trying again may help.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}

impl Allowed {
    /// Addresses, networks as `10.1.0.0/16`, and names.
    ///
    /// # Errors
    /// A sentence about the first entry that is none of these.
    pub fn of(entries: &[String]) -> Result<Allowed, String> {
        let mut allowed = Allowed::default();
        for entry in entries.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()) {
            if entry.contains('/') || entry.parse::<IpAddr>().is_ok() {
                allowed.networks.push(entry.parse()?);
            } else {
                allowed.names.push(entry.to_ascii_lowercase());
            }
        }
        Ok(allowed)
    }

    fn has(&self, host: &str, address: IpAddr) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
            || self.networks.iter().any(|network| network.has(address))
    }

    /// The addresses of a host to which a connection may go, of those it has.
    ///
    /// # Errors
    /// When it has none, or only such inside.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Refused> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => {
                let unknown = |error: String| Refused::Unknown { host: bare.to_owned(), error };
                let resolved = tokio::net::lookup_host((bare, port)).await;
                resolved.map_err(|error| unknown(error.to_string()))?.collect()
            }
        };
        // Asked for each time, as interfaces come and go.
        self.checked(bare, found, &own_addresses())
    }

    fn checked(
        &self,
        host: &str,
        found: Vec<SocketAddr>,
        own: &[IpAddr],
    ) -> Result<Vec<SocketAddr>, Refused> {
        let is_own =
            |address: IpAddr| own.iter().any(|own| own.to_canonical() == address.to_canonical());
        let mut refused = None;
        let mut open = Vec::new();
        for address in found {
            let why = inside(address.ip());
            match why.or_else(|| is_own(address.ip()).then_some("an address of this machine")) {
                Some(why) if !self.has(host, address.ip()) => {
                    let (host, address) = (host.to_owned(), address.ip());
                    refused = Some(Refused::Inside { host, address, why });
                }
                _ => open.push(address),
            }
        }
        match (open.is_empty(), refused) {
            (false, _) => Ok(open),
            (true, Some(refused)) => Err(refused),
            (true, None) => {
                Err(Refused::Unknown { host: host.to_owned(), error: "no address".to_owned() })
            }
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong = || format!("{text:?} is no address or network such as 10.1.0.0/16");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        if prefix > most {
            return Err(wrong());
        }
        Ok(Network { address, prefix })
    }
}

impl Network {
    fn has(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let bits = 32 - u32::from(self.prefix.min(32));
                let shifted = |one: Ipv4Addr| u64::from(one.to_bits()) >> bits;
                shifted(network) == shifted(address)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let bits = 128 - u32::from(self.prefix);
                let shifted = |one: Ipv6Addr| one.to_bits().checked_shr(bits).unwrap_or(0);
                shifted(network) == shifted(address)
            }
            _ => false,
        }
    }
}

/// Why an address is inside, if it is: it means this machine, its networks, or nobody in particular.
pub fn inside(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => inside_v4(address),
        IpAddr::V6(address) => inside_v6(address),
    }
}

fn inside_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, ..) => Some("this machine"),
        (0, ..) => Some("no address of another machine"),
        (10, ..) | (192, 168, _) => Some("a private network"),
        (172, 16..=31, _) => Some("a private network"),
        (100, 64..=127, _) => Some("a carrier's or cloud's inner network"),
        (169, 254, _) => Some("link-local, where clouds keep their metadata"),
        // Where one cloud keeps its metadata besides.
        (168, 63, 129) => Some("a cloud's inner address"),
        (192, 0, 0 | 2) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => {
            Some("an address for special use")
        }
        (224..=255, ..) => Some("no address of one machine"),
        _ => None,
    }
}

fn inside_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return inside_v4(mapped);
    }
    let segments = address.segments();
    let last_four =
        |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("this machine"),
        // Unspecified, and IPv4-compatible, which is long deprecated.
        [0, 0, 0, 0, 0, 0, ..] => Some("no address of another machine"),
        // Translated to IPv4 on the way: judged by that.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inside_v4(last_four(high, low)),
        [0x64, 0xff9b, ..] => Some("a local translation to IPv4"),
        [0x2002, high, low, ..] => inside_v4(last_four(high, low)),
        [0x2001, 0, ..] => Some("a tunnel"),
        [0x2001, 0xdb8, ..] => Some("an address for special use"),
        [first, ..] if first & 0xfe00 == 0xfc00 => Some("a private network (unique local)"),
        [first, ..] if first & 0xffc0 == 0xfe80 => Some("link-local"),
        [first, ..] if first & 0xffc0 == 0xfec0 => Some("a private network (site-local)"),
        [first, ..] if first & 0xff00 == 0xff00 => Some("no address of one machine"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_is_known_in_every_spelling() {
        for text in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "fe80::1",
            "febf::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
        ] {
            assert!(inside(text.parse().unwrap()).is_some(), "{text}");
        }
        for text in [
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "169.253.1.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "::ffff:1.1.1.1",
        ] {
            assert_eq!(inside(text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn only_what_the_settings_name_is_allowed_inside() {
        let entries = ["10.1.0.0/16", "fd00::/8", "Mail.Internal", "127.0.0.1"];
        let allowed = Allowed::of(&entries.map(str::to_owned)).unwrap();
        let open = |host: &str, address: &str| {
            let address = SocketAddr::new(address.parse().unwrap(), 25);
            allowed.checked(host, vec![address], &[]).is_ok()
        };
        assert!(open("x", "10.1.255.3") && !open("x", "10.2.0.3"));
        assert!(open("x", "::ffff:10.1.0.1") && open("x", "fd12::3") && !open("x", "fe80::3"));
        assert!(open("mail.internal", "192.168.0.9") && !open("mail.internal.evil", "192.168.0.9"));
        assert!(open("x", "127.0.0.1") && !open("x", "127.0.0.2") && open("x", "1.1.1.1"));
        for wrong in ["10.0.0.0/33", "10.0.0/8", "fd00::/129", "1.2.3.4/x"] {
            assert!(Allowed::of(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn of_several_addresses_only_those_outside_are_used() {
        let socket = |text: &str| SocketAddr::new(text.parse().unwrap(), 443);
        let allowed = Allowed::default();
        let both = vec![socket("10.0.0.1"), socket("1.1.1.1")];
        assert_eq!(allowed.checked("x", both, &[]).unwrap(), [socket("1.1.1.1")]);
        let refused = allowed.checked("x", vec![socket("10.0.0.1")], &[]).unwrap_err();
        assert!(refused.to_string().contains("notice-allow") && !refused.may_pass(), "{refused}");
    }

    #[test]
    fn a_public_address_of_this_machine_is_inside_too() {
        let socket = |text: &str| SocketAddr::new(text.parse().unwrap(), 443);
        let own = ["1.1.1.1".parse().unwrap(), "2606:4700::1111".parse().unwrap()];
        let allowed = Allowed::default();
        for address in ["1.1.1.1:443", "[::ffff:1.1.1.1]:443", "[2606:4700::1111]:443"] {
            let found = vec![address.parse().unwrap()];
            let refused = allowed.checked("x", found.clone(), &own).unwrap_err().to_string();
            assert!(refused.contains("an address of this machine"), "{refused}");
            assert_eq!(allowed.checked("x", found.clone(), &[]), Ok(found));
        }
        assert!(allowed.checked("x", vec![socket("1.1.1.2")], &own).is_ok());
        let named = Allowed::of(&["1.1.1.1".to_owned()]).unwrap();
        assert!(named.checked("x", vec![socket("1.1.1.1")], &own).is_ok());
        // The real ones are asked for.
        assert!(own_addresses().iter().any(IpAddr::is_loopback));
    }
}
