//! Symbolic names of error numbers, as upstream's messages print them.

use std::io;

/// One row per name; the constant gives the number.
macro_rules! rows {
    ($($name:ident)*) => { &[$((libc::$name, stringify!($name))),*] };
}

/// Where two names share a number this is the one that Python prints.
#[rustfmt::skip]
const NAMES: &[(i32, &str)] = rows![
    EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST
    EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE
    EDEADLOCK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH
    ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE
    ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD
    ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT
    EPROTONOSUPPORT ESOCKTNOSUPPORT ENOTSUP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH
    ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED
    EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM
    EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON
];

/// `ENOENT` for 2, and so on (A4.57, A4.67). Safe between fork and exec.
#[must_use]
pub fn errno_name(number: i32) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == number).map_or("unknown errno", |(_, name)| name)
}

/// `[Errno 2] No such file or directory`, as Python prints a system error; any
/// other error as it prints itself.
#[must_use]
pub fn os_error_text(error: &io::Error) -> String {
    let Some(number) = error.raw_os_error() else { return error.to_string() };
    let text = error.to_string();
    let words = text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text);
    format!("[Errno {number}] {words}")
}

#[cfg(test)]
mod tests {
    use super::{NAMES, errno_name, os_error_text};
    use std::io;

    /// A4.67
    #[test]
    fn shared_numbers_print_the_name_that_python_prints() {
        assert_eq!(errno_name(libc::ENOENT), "ENOENT");
        assert_eq!(errno_name(libc::EWOULDBLOCK), "EAGAIN");
        assert_eq!(errno_name(libc::EDEADLK), "EDEADLOCK");
        assert_eq!(errno_name(libc::EOPNOTSUPP), "ENOTSUP");
        assert_eq!(errno_name(100_000), "unknown errno");
    }

    /// A1.34, A4.110
    #[test]
    fn system_errors_read_as_python_prints_them() {
        let denied = io::Error::from_raw_os_error(libc::EACCES);
        assert_eq!(os_error_text(&denied), "[Errno 13] Permission denied");
        assert_eq!(os_error_text(&io::Error::other("odd")), "odd");
    }

    #[test]
    fn each_number_has_one_row() {
        for (row, (number, name)) in NAMES.iter().enumerate() {
            assert_eq!(errno_name(*number), *name, "row {row} is hidden by an earlier one");
        }
        assert_eq!(NAMES.len(), 131, "1 to 133 but for 41 and 58, which Linux does not use");
    }
}
