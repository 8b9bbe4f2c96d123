//! The IPv4 address of a host name, with the resolver's own error number.

use std::ffi::CString;
use std::mem::zeroed;
use std::net::Ipv4Addr;
use std::ptr;

/// The first IPv4 address of `host`, by the C library's resolver as upstream.
///
/// # Errors
/// The number that `getaddrinfo` gives, as −2 for an unknown name.
pub(super) fn ipv4(host: &str) -> Result<Ipv4Addr, i32> {
    let name = CString::new(host).map_err(|_| libc::EAI_NONAME)?;
    // SAFETY: all-zero bytes are a valid `addrinfo`: numbers and null pointers.
    let mut hints: libc::addrinfo = unsafe { zeroed() };
    hints.ai_family = libc::AF_INET;
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list = ptr::null_mut();
    // SAFETY: a live string that ends in NUL, live hints, and a place for the result.
    let code = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &raw const hints, &raw mut list) };
    if code != 0 {
        return Err(code);
    }
    // SAFETY: success means a list of at least one entry.
    let first = unsafe { &*list };
    // SAFETY: the entries asked for are AF_INET, so this is a sockaddr_in.
    let address = unsafe { &*first.ai_addr.cast::<libc::sockaddr_in>() };
    let found = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
    // SAFETY: the list came from getaddrinfo, and nothing refers to it any more.
    unsafe { libc::freeaddrinfo(list) };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::ipv4;
    use std::net::Ipv4Addr;

    #[test]
    fn numbers_and_localhost_resolve() {
        assert_eq!(ipv4("127.0.0.3"), Ok(Ipv4Addr::new(127, 0, 0, 3)));
        assert_eq!(ipv4("localhost"), Ok(Ipv4Addr::LOCALHOST));
    }

    /// B2.8.11
    #[test]
    fn a_name_that_cannot_be_has_the_resolvers_number() {
        assert_eq!(ipv4("no\0name"), Err(-2));
        assert!(ipv4("bad name with blanks").is_err_and(|code| code < 0));
    }
}
