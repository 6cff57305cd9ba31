//! The names and addresses by which others may reach this machine, as far as the machine knows them.

use std::{collections::BTreeSet, fs, net::IpAddr};

use crate::config::TlsName;

/// Host name, full name when `/etc/hosts` tells it, `localhost`, loopback and every interface's address.
///
/// Link-local addresses are left out: they cannot stand in a URL without a scope. What only DNS knows is left out too:
/// asking could hang the start; operators give such names as `tls-name` or `public-url`.
pub fn machine_names() -> BTreeSet<TlsName> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let full = full_name(&fs::read_to_string("/etc/hosts").unwrap_or_default(), &host);
    let addresses = own_addresses().into_iter();
    let always = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let found = addresses.filter(is_reachable).map(|address| address.to_string());
    always
        .into_iter()
        .chain([host])
        .chain(full)
        .chain(found)
        .filter_map(|name| TlsName::new(&name))
        .collect()
}

/// The addresses of all interfaces of this machine as it is now. What the outside knows it by besides, behind a translation of
/// addresses, it does not know itself.
pub fn own_addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces.into_iter().map(|interface| interface.ip()).collect()
}

fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_link_local(),
        IpAddr::V6(address) => !address.is_unicast_link_local(),
    }
}

/// The first name with a dot on the line that also has the host's name.
fn full_name(hosts: &str, host: &str) -> Option<String> {
    let names = |line: &str| {
        line.split('#')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(1)
            .map(str::to_owned)
            .collect()
    };
    let lines = hosts.lines().map(names);
    let of_host = lines.filter(|names: &Vec<String>| names.iter().any(|name| name == host));
    of_host.flatten().find(|name| name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_stands_beside_the_hosts_name() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1 # vm.commented.out\n127.0.1.1\tvm.example.com vm # ours\n10.0.0.1 other.example.com";
        assert_eq!(full_name(hosts, "vm").as_deref(), Some("vm.example.com"));
        assert_eq!(full_name(hosts, "other"), None);
        assert_eq!(full_name("", "vm"), None);
    }

    #[test]
    fn the_machine_is_at_least_localhost_and_itself() {
        let names: Vec<String> = machine_names().iter().map(ToString::to_string).collect();
        let host = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
        for expected in ["localhost", "127.0.0.1", "::1", &host] {
            assert!(names.iter().any(|name| name == expected), "{expected} is not in {names:?}");
        }
        assert!(
            names.iter().all(|name| !name.starts_with("fe80") && !name.starts_with("169.254.")),
            "{names:?}"
        );
    }
}
