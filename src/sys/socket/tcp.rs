//! TCP sockets for `[inet_http_server]`.

use super::{BACKLOG, SocketError, resolve};
use nix::sys::socket::{Backlog, listen as set_backlog};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// Listens at `host` and `port`; an empty host is every IPv4 address (A3.25),
/// and a numeric IPv6 address is listened at as well. SO_REUSEADDR is set, and
/// accepting does not block (A3.33, B2.8.4).
///
/// # Errors
/// [`SocketError`] with upstream's sentence.
pub fn listen(host: &str, port: u16) -> Result<TcpListener, SocketError> {
    let address = SocketAddr::new(address_of(host).map_err(SocketError::Resolve)?, port);
    let listener = TcpListener::bind(address).map_err(SocketError::from_bind)?;
    widen(&listener, BACKLOG).map_err(SocketError::from_bind)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The address that `host` means, or the resolver's error number.
fn address_of(host: &str) -> Result<IpAddr, i32> {
    if host.is_empty() {
        return Ok(Ipv4Addr::UNSPECIFIED.into());
    }
    match host.parse::<Ipv6Addr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => resolve::ipv4(host).map(IpAddr::from),
    }
}

/// Listening once more only changes the backlog, which std chooses for itself.
pub(super) fn widen(socket: &impl std::os::fd::AsFd, backlog: i32) -> std::io::Result<()> {
    Ok(set_backlog(socket, Backlog::new(backlog)?)?)
}

#[cfg(test)]
mod tests {
    use super::listen;
    use crate::sys::socket::SocketError;
    use nix::sys::socket::{getsockopt, sockopt::ReuseAddr};
    use std::io::ErrorKind;
    use std::net::TcpStream;

    /// A3.33, B2.8.4
    #[test]
    fn a_listener_reuses_its_address_and_does_not_block() {
        let listener = listen("127.0.0.1", 0).unwrap();
        assert!(getsockopt(&listener, ReuseAddr).unwrap());
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    }

    /// A3.25
    #[test]
    fn an_empty_host_is_every_ipv4_address() {
        assert_eq!(listen("", 0).unwrap().local_addr().unwrap().ip().to_string(), "0.0.0.0");
    }

    /// B2.8.10
    #[test]
    fn an_address_that_is_taken_is_in_use() {
        let first = listen("127.0.0.1", 0).unwrap();
        let port = first.local_addr().unwrap().port();
        assert!(matches!(listen("127.0.0.1", port), Err(SocketError::InUse)));
    }

    /// A1.32
    #[test]
    fn an_address_that_is_not_ours_is_told_by_errno() {
        // TEST-NET-1 is nobody's
        let refused = listen("192.0.2.1", 0).unwrap_err().to_string();
        assert!(refused.ends_with("reported errno.EADDRNOTAVAIL (99)"), "{refused}");
    }
}
