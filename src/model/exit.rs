//! How a child ended, and upstream's words for it (A4.38).

use crate::model::signal::signal_name;
use std::fmt;

/// The meaning of a wait status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// Ended by itself with this code.
    Code(u8),
    /// Ended by a signal.
    Signal {
        /// Which one.
        number: i32,
        /// Whether a core was dumped.
        core: bool,
    },
    /// A status that says neither (does not happen for a plain wait).
    Other(i32),
}

impl ExitStatus {
    /// Decodes the status word that `waitpid` gives.
    #[must_use]
    pub fn from_wait(status: i32) -> Self {
        let low = status & 0x7f;
        if low == 0 {
            Self::Code(u8::try_from((status >> 8) & 0xff).unwrap_or(u8::MAX))
        } else if low == 0x7f {
            Self::Other(status)
        } else {
            Self::Signal { number: low, core: status & 0x80 != 0 }
        }
    }

    /// What `getProcessInfo` calls `exitstatus`: the code, or −1 (A4.5).
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => i32::from(code),
            Self::Signal { .. } | Self::Other(_) => -1,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal { number, core } => {
                write!(f, "terminated by {}", signal_name(*number))?;
                if *core { f.write_str(" (core dumped)") } else { Ok(()) }
            }
            Self::Other(status) => write!(f, "unknown termination cause 0x{status:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExitStatus;

    /// A4.38
    #[test]
    fn wait_statuses_read_as_upstream_says_them() {
        let said = |status: i32| ExitStatus::from_wait(status).to_string();
        assert_eq!(said(3 << 8), "exit status 3");
        assert_eq!(said(15), "terminated by SIGTERM");
        assert_eq!(said(11 | 0x80), "terminated by SIGSEGV (core dumped)");
        assert_eq!(said(35), "terminated by signal 35");
        assert_eq!(said(0x137f), "unknown termination cause 0x137f");
        assert_eq!(ExitStatus::from_wait(15).code(), -1);
        assert_eq!(ExitStatus::from_wait(255 << 8).code(), 255);
    }
}
