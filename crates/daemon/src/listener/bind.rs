//! Binding an address, and telling the operator how to mend it when that fails.

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

/// Why an address cannot be listened on. `setting` is the name of the setting that chose it.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process has the port.
    #[error(
        "cannot listen on {address} ({setting}): another process uses port {}; stop it (`ss -ltnp sport = :{}` shows it), \
         or choose another address with --{setting}", address.port(), address.port()
    )]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The setting.
        setting: &'static str,
    },
    /// The system does not let this user have the port.
    #[error(
        "cannot listen on {address} ({setting}): port {} needs a privilege that this process lacks; grant it with \
         `setcap cap_net_bind_service=+ep {program}`, or choose a port from 1024 up, such as --{setting} {}",
        address.port(), unprivileged(*address)
    )]
    Denied {
        /// The address.
        address: SocketAddr,
        /// The setting.
        setting: &'static str,
        /// The program's path.
        program: String,
    },
    /// The machine has no such address.
    #[error(
        "cannot listen on {address} ({setting}): this machine has no address {}; choose one of its own or {} for all, \
         with --{setting}", address.ip(), if address.is_ipv4() { "0.0.0.0" } else { "[::]" }
    )]
    NoSuchAddress {
        /// The address.
        address: SocketAddr,
        /// The setting.
        setting: &'static str,
    },
    /// Anything else.
    #[error("cannot listen on {address} ({setting})")]
    Other {
        /// The address.
        address: SocketAddr,
        /// The setting.
        setting: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl BindError {
    fn new(address: SocketAddr, setting: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address, setting },
            io::ErrorKind::PermissionDenied => {
                Self::Denied { address, setting, program: program() }
            }
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress { address, setting },
            _ => Self::Other { address, setting, source },
        }
    }
}

fn program() -> String {
    std::env::current_exe().map_or_else(|_| "vedette".to_owned(), |path| path.display().to_string())
}

/// The same address with a port that anybody may use and that recalls the one meant: 443 becomes 8443.
fn unprivileged(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), 8000 + address.port() % 1000)
}

/// A bound address. Connections queue in the kernel from here on, until [`Listener::serve`] takes them.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    pub(super) setting: &'static str,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`, which the setting `setting` chose; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, setting: &'static str) -> Result<Self, BindError> {
        let bound = async {
            let socket = TcpListener::bind(address).await?;
            let address = socket.local_addr()?;
            Ok(Self { socket, setting, address })
        };
        bound.await.map_err(|error| BindError::new(address, setting, error))
    }

    /// Where it listens, with the port really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(address: &str, kind: io::ErrorKind) -> String {
        BindError::new(address.parse().unwrap(), "https-listen", kind.into()).to_string()
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_its_setting() {
        let first = Listener::bind("127.0.0.1:0".parse().unwrap(), "https-listen").await.unwrap();
        let error = Listener::bind(first.address(), "otlp-http-listen").await.unwrap_err();
        assert!(matches!(error, BindError::InUse { .. }));
        let expected = format!(
            "cannot listen on {} (otlp-http-listen): another process uses port",
            first.address()
        );
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(
            error.to_string().ends_with("or choose another address with --otlp-http-listen"),
            "{error}"
        );
    }

    #[test]
    fn a_port_that_needs_a_privilege_comes_with_two_ways_out() {
        let told = told("0.0.0.0:443", io::ErrorKind::PermissionDenied);
        assert!(told.contains("`setcap cap_net_bind_service=+ep /"), "{told}");
        assert!(told.ends_with("such as --https-listen 0.0.0.0:8443"), "{told}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_named() {
        let elsewhere = "192.0.2.1:0".parse().unwrap();
        let error = Listener::bind(elsewhere, "https-listen").await.unwrap_err().to_string();
        assert!(
            error.contains(
                "this machine has no address 192.0.2.1; choose one of its own or 0.0.0.0"
            ),
            "{error}"
        );
    }
}
