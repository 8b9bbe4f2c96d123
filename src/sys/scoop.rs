//! Reading a pipe without holding up who writes into it.
//!
//! A pipe is locked while its bytes are copied out. A second pipe takes its pages
//! over as they are, which takes a tenth of that time, and they are copied from there.

use super::fds;
use nix::fcntl::{SpliceFFlags, splice};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// The second pipe; nothing is in it but during a read.
#[derive(Debug)]
pub struct Scoop {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Scoop {
    /// One that takes over `bytes` at once, if they lie close together.
    ///
    /// # Errors
    /// `EMFILE` and `ENFILE`; `EPERM` when that is more than the user may have.
    pub fn new(bytes: usize) -> io::Result<Self> {
        let (reader, writer) = fds::pipe_cloexec()?;
        fds::widen_pipe(&writer, bytes)?;
        Ok(Self { reader, writer })
    }

    /// The same as [`fds::read`] of a pipe that does not block. What is no pipe is
    /// read as usual.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing yet.
    pub fn read(&self, from: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = loop {
            match splice(&from, None, &self.writer, None, buffer.len(), SpliceFFlags::SPLICE_F_NONBLOCK) {
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::EINVAL) => return fds::read(from, buffer),
                other => break other?,
            }
        };
        let mut copied = 0;
        while copied < taken {
            copied += fds::read(&self.reader, buffer.get_mut(copied..taken).unwrap_or_default())?;
        }
        Ok(copied)
    }
}

#[cfg(test)]
mod tests {
    use super::Scoop;
    use crate::sys::fds::{pipe_cloexec, set_nonblocking, widen_pipe, write};
    use nix::sys::eventfd::EventFd;
    use std::io::ErrorKind;

    #[test]
    fn a_pipe_is_read_to_its_end_in_order() {
        let scoop = Scoop::new(1 << 16).unwrap();
        let (reader, writer) = pipe_cloexec().unwrap();
        let mut buffer = [0; 1 << 16];
        assert_eq!(scoop.read(&reader, &mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
        write(&writer, b"one").unwrap();
        write(&writer, b"two").unwrap();
        assert_eq!(scoop.read(&reader, &mut buffer[..4]).unwrap(), 4);
        assert_eq!(scoop.read(&reader, &mut buffer[4..]).unwrap(), 2);
        assert_eq!(&buffer[..6], b"onetwo");
        drop(writer);
        assert_eq!(scoop.read(&reader, &mut buffer).unwrap(), 0);
    }

    #[test]
    fn one_that_holds_more_is_read_in_parts() {
        let scoop = Scoop::new(4096).unwrap();
        let (reader, writer) = pipe_cloexec().unwrap();
        widen_pipe(&writer, 1 << 18).unwrap();
        set_nonblocking(&writer, true).unwrap();
        let sent: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert_eq!(write(&writer, &sent).unwrap(), sent.len());
        drop(writer);
        let (mut got, mut buffer) = (vec![], vec![0; 1 << 18]);
        while let Ok(count @ 1..) = scoop.read(&reader, &mut buffer) {
            got.extend_from_slice(&buffer[..count]);
        }
        assert!(got == sent, "{} bytes", got.len());
    }

    #[test]
    fn what_is_no_pipe_is_read_all_the_same() {
        let scoop = Scoop::new(4096).unwrap();
        let five = EventFd::from_value(5).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(scoop.read(&five, &mut buffer).unwrap(), 8);
        assert_eq!(buffer[..8], 5_u64.to_ne_bytes());
    }
}
