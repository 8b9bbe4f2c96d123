//! What is written to children: `sendProcessStdin` and events for listeners.
//!
//! Bytes are queued per child and written as the pipe takes them, so that a
//! child that does not read holds up nobody (B1.6.26, A6.64).

use crate::manager::ProcessId;
use crate::sys::fds;
use crate::sys::poll::{Interest, Poller};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;

/// Bytes that may wait for one child when more come; then those are refused, or
/// a listener gets no further event. One message alone may be longer: nobody else
/// would take an event of that size, and who makes it has bounds of its own.
const MOST_PENDING: usize = 4 << 20;

/// Room that is kept for a child when nothing waits for it.
const KEPT_ROOM: usize = 64 << 10;

/// Why bytes cannot be sent to a child.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undelivered {
    /// It has no stdin, or has closed it.
    Closed,
    /// It has closed it amid the last event, and that one is its own: it can answer
    /// nevertheless, and gives it back when it dies (A6.72).
    Begun,
    /// It does not read, and enough is waiting for it.
    Full,
}

/// What waits for a child to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// Its pipe has taken everything.
    Nothing,
    /// Something, within the bound.
    Little,
    /// So much that nothing more should come.
    Much,
}

/// The write ends of all children's stdins.
#[derive(Debug)]
pub(super) struct Stdins {
    pipes: BTreeMap<ProcessId, Pipe>,
}

#[derive(Debug)]
struct Pipe {
    fd: OwnedFd,
    pending: VecDeque<u8>,
    /// Bytes that it has taken so far.
    taken: u64,
    /// How many came before the last event.
    event_at: Option<u64>,
}

impl Stdins {
    pub(super) fn new() -> Self {
        Self { pipes: BTreeMap::new() }
    }

    /// Takes over the (non-blocking) write end of a fresh child. One that is
    /// still there was of the child before, and is closed.
    pub(super) fn insert(&mut self, id: ProcessId, fd: OwnedFd, poller: &Poller) {
        self.remove(id, poller);
        self.pipes.insert(id, Pipe { fd, pending: VecDeque::new(), taken: 0, event_at: None });
    }

    /// Closes a child's stdin; what waits for it is dropped.
    pub(super) fn remove(&mut self, id: ProcessId, poller: &Poller) {
        if let Some(pipe) = self.pipes.remove(&id).filter(|pipe| !pipe.pending.is_empty()) {
            drop(poller.remove(&pipe.fd));
        }
    }

    /// Sends `bytes`, behind what waits already.
    pub(super) fn send(&mut self, id: ProcessId, bytes: &[u8], poller: &Poller) -> Result<(), Undelivered> {
        let pipe = self.pipes.get(&id).ok_or(Undelivered::Closed)?;
        if !pipe.pending.is_empty() && pipe.pending.len() + bytes.len() > MOST_PENDING {
            return Err(Undelivered::Full);
        }
        self.push(id, bytes, poller).map(drop)
    }

    /// Sends an event however much waits already, and tells how much that is now. To
    /// be used no more when it is much.
    pub(super) fn queue(&mut self, id: ProcessId, event: &[u8], poller: &Poller) -> Result<Pending, Undelivered> {
        if let Some(pipe) = self.pipes.get_mut(&id) {
            pipe.event_at = Some(pipe.taken + pipe.pending.len() as u64);
        }
        self.push(id, event, poller)
    }

    fn push(&mut self, id: ProcessId, bytes: &[u8], poller: &Poller) -> Result<Pending, Undelivered> {
        let pipe = self.pipes.get_mut(&id).ok_or(Undelivered::Closed)?;
        let idle = pipe.pending.is_empty();
        pipe.pending.extend(bytes);
        if !idle {
            return Ok(pipe.pending());
        }
        let sent = match pipe.flush() {
            Ok(true) => Ok(()),
            Ok(false) => poller.add(&pipe.fd, u64::from(id.0), Interest::Write),
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => Ok(pipe.pending()),
            Err(_) => Err(self.broken(id)),
        }
    }

    /// The pipe of `id` takes more. Tells what waits after that, or whether the child
    /// turned out to have closed it.
    pub(super) fn writable(&mut self, id: ProcessId, poller: &Poller) -> Result<Pending, Undelivered> {
        let Some(pipe) = self.pipes.get_mut(&id) else { return Ok(Pending::Nothing) };
        let flushed = pipe.flush();
        if !matches!(flushed, Ok(false)) {
            drop(poller.remove(&pipe.fd));
        }
        match flushed {
            Ok(_) => Ok(pipe.pending()),
            Err(_) => Err(self.broken(id)),
        }
    }

    /// Nobody reads on the other side.
    fn broken(&mut self, id: ProcessId) -> Undelivered {
        let begun = |pipe: &Pipe| pipe.event_at.is_some_and(|at| pipe.taken > at);
        match self.pipes.remove(&id).is_some_and(|pipe| begun(&pipe)) {
            true => Undelivered::Begun,
            false => Undelivered::Closed,
        }
    }
}

impl Pipe {
    fn pending(&self) -> Pending {
        match self.pending.len() {
            0 => Pending::Nothing,
            1..=MOST_PENDING => Pending::Little,
            _ => Pending::Much,
        }
    }

    /// Writes what the pipe takes; tells whether that was everything.
    fn flush(&mut self) -> io::Result<bool> {
        while !self.pending.is_empty() {
            let (front, _) = self.pending.as_slices();
            match fds::write(&self.fd, front) {
                Ok(written) => {
                    self.pending.drain(..written);
                    self.taken += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        // A message of megabytes is rare, and its room is not kept for the next.
        self.pending.shrink_to(KEPT_ROOM);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn stdin_of(stdins: &mut Stdins, id: u32, poller: &Poller) -> OwnedFd {
        let (reader, writer) = fds::pipe_cloexec().expect("a pipe");
        fds::set_nonblocking(&writer, true).expect("non-blocking");
        stdins.insert(ProcessId(id), writer, poller);
        reader
    }

    /// B1.6.26
    #[test]
    fn a_full_pipe_queues_up_to_the_bound_and_then_refuses_whole() {
        let (poller, mut stdins) = (Poller::new().expect("a poller"), Stdins::new());
        let reader = stdin_of(&mut stdins, 1, &poller);
        let megabyte = vec![b'x'; 1 << 20];
        let mut sent = 0;
        while stdins.send(ProcessId(1), &megabyte, &poller).is_ok() {
            sent += megabyte.len();
            assert!(sent <= MOST_PENDING + (1 << 20), "no bound");
        }
        assert_eq!(stdins.send(ProcessId(1), &megabyte, &poller), Err(Undelivered::Full));
        fds::set_nonblocking(&reader, true).expect("non-blocking");
        let (mut buffer, mut received) = (vec![0; 1 << 16], 0);
        while received < sent {
            match fds::read(&reader, &mut buffer) {
                Ok(count) => received += count,
                Err(_) => drop(stdins.writable(ProcessId(1), &poller).expect("open")),
            }
        }
        assert_eq!(received, sent);
        assert_eq!(stdins.writable(ProcessId(1), &poller), Ok(Pending::Nothing));
        assert!(stdins.pipes[&ProcessId(1)].pending.capacity() <= KEPT_ROOM, "all is sent");
    }

    /// A6.53: a capture may be of any size, and its event is one message.
    #[test]
    fn one_message_of_any_size_is_taken_by_a_child_that_reads() {
        let (poller, mut stdins) = (Poller::new().expect("a poller"), Stdins::new());
        let _reader = stdin_of(&mut stdins, 1, &poller);
        assert_eq!(stdins.send(ProcessId(1), &vec![b'x'; 2 * MOST_PENDING], &poller), Ok(()));
        assert_eq!(stdins.send(ProcessId(1), b"x", &poller), Err(Undelivered::Full));
    }

    /// A6.64: it reads late, and gets all of it.
    #[test]
    fn an_event_is_taken_however_much_waits() {
        let (poller, mut stdins) = (Poller::new().expect("a poller"), Stdins::new());
        let reader = stdin_of(&mut stdins, 1, &poller);
        let mut queue = |bytes: usize| stdins.queue(ProcessId(1), &vec![b'x'; bytes], &poller);
        assert_eq!(queue(10), Ok(Pending::Nothing));
        assert_eq!(queue(1 << 20), Ok(Pending::Little));
        assert_eq!(queue(MOST_PENDING), Ok(Pending::Much));
        assert_eq!(stdins.writable(ProcessId(1), &poller), Ok(Pending::Much), "it reads nothing");
        drop(reader);
        assert_eq!(stdins.writable(ProcessId(1), &poller), Err(Undelivered::Closed), "nothing of the last one is out");
    }

    /// A6.63, A6.64: whom it belongs to from then on.
    #[test]
    fn an_event_is_begun_with_its_first_byte() {
        let (poller, id) = (Poller::new().expect("a poller"), ProcessId(1));
        for (before, read, told) in
            [(0, 0, Undelivered::Begun), (100_000, 0, Undelivered::Closed), (100_000, 60_000, Undelivered::Begun)]
        {
            let mut stdins = Stdins::new();
            let reader = stdin_of(&mut stdins, 1, &poller);
            stdins.queue(id, &vec![b'x'; before], &poller).expect("open");
            stdins.queue(id, &vec![b'x'; 100_000], &poller).expect("open");
            let mut buffer = vec![0; read];
            while !buffer.is_empty() {
                let count = fds::read(&reader, &mut buffer).expect("something");
                buffer.truncate(buffer.len() - count);
            }
            stdins.writable(id, &poller).expect("open");
            drop(reader);
            assert_eq!(stdins.writable(id, &poller), Err(told), "{before} {read}");
        }
    }

    /// Half a message is out by then, and nobody would write the rest.
    #[test]
    fn a_full_pipe_that_cannot_be_watched_is_closed() {
        let (poller, mut stdins) = (Poller::new().expect("a poller"), Stdins::new());
        let _reader = stdin_of(&mut stdins, 1, &poller);
        let pipe = stdins.pipes.get(&ProcessId(1)).expect("a pipe");
        poller.add(&pipe.fd, 9, Interest::Write).expect("watched by somebody else, so no second time");
        assert_eq!(stdins.send(ProcessId(1), &vec![b'x'; 1 << 20], &poller), Err(Undelivered::Closed));
        assert_eq!(stdins.send(ProcessId(1), b"x", &poller), Err(Undelivered::Closed));
    }

    /// Whoever holds a copy of the old pipe must not wake us for the new one.
    #[test]
    fn a_new_childs_pipe_takes_the_place_of_one_that_was_watched() {
        let (poller, mut stdins) = (Poller::new().expect("a poller"), Stdins::new());
        let old = stdin_of(&mut stdins, 1, &poller);
        let copy = stdins.pipes[&ProcessId(1)].fd.try_clone().expect("a copy");
        stdins.send(ProcessId(1), &vec![b'x'; 1 << 20], &poller).expect("queued");
        let _new = stdin_of(&mut stdins, 1, &poller);
        drop(old);
        let mut ready = vec![];
        poller.wait(Some(Duration::ZERO), &mut ready).expect("a look");
        assert_eq!(ready, []);
        drop(copy);
    }

    /// B1.6.24
    #[test]
    fn a_closed_stdin_is_told_at_once() {
        let (poller, mut stdins) = (Poller::new().expect("a poller"), Stdins::new());
        drop(stdin_of(&mut stdins, 1, &poller));
        assert_eq!(stdins.send(ProcessId(1), b"x", &poller), Err(Undelivered::Closed));
        assert_eq!(stdins.send(ProcessId(2), b"x", &poller), Err(Undelivered::Closed));
    }
}
