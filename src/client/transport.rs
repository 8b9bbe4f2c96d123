//! The way to the daemon and back: a blocking HTTP client over a unix socket or
//! TCP. One connection serves all calls of a command (B3.3.1).

use super::endpoint::Endpoint;
use super::http::Response;
use super::{CallError, LogStream};
use base64::Engine as _;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;

/// Bytes asked of the socket at once.
const READ_SIZE: usize = 64 * 1024;
/// Longest body taken; a whole log can be asked for (`tail -0`).
const BODY_MAX: usize = 1024 * 1024 * 1024;
/// The name we go by in the server's eyes.
const USER_AGENT: &str = "supervisorctl";

/// A user name with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// As typed.
    pub username: String,
    /// As typed.
    pub password: String,
}

impl Credentials {
    /// The value of the `Authorization` header, always one line (B3.3.3).
    #[must_use]
    pub fn header(&self) -> String {
        let pair = format!("{}:{}", self.username, self.password);
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A client of one server.
#[derive(Debug)]
pub struct Transport {
    endpoint: Endpoint,
    authorization: Option<String>,
    connection: Option<Connection>,
    /// Waiting ends when this can be read.
    interrupt: Option<OwnedFd>,
}

impl Transport {
    /// A client of the server at `url`; connects with the first call.
    ///
    /// # Errors
    /// The URL is none we can call.
    pub fn new(url: &str, credentials: Option<&Credentials>) -> Result<Self, CallError> {
        let authorization = credentials.map(Credentials::header);
        Ok(Self { endpoint: Endpoint::parse(url)?, authorization, connection: None, interrupt: None })
    }

    /// Gives up with [`CallError::Interrupted`] as soon as `fd` can be read, be it
    /// within a look-up or a connect.
    #[must_use]
    pub fn interrupted_by(mut self, fd: OwnedFd) -> Self {
        self.interrupt = Some(fd);
        self
    }

    /// Another client of the same server, without the open connection.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn another(&self) -> io::Result<Self> {
        let interrupt = self.interrupt.as_ref().map(OwnedFd::try_clone).transpose()?;
        let (endpoint, authorization) = (self.endpoint.clone(), self.authorization.clone());
        Ok(Self { endpoint, authorization, connection: None, interrupt })
    }

    /// Sends a request on a connection of its own and does not wait.
    ///
    /// # Errors
    /// No connection.
    pub fn post_alone(&self, body: &str) -> Result<Posted, CallError> {
        let mut connection = self.open()?;
        connection.write_all(self.request(body).as_bytes())?;
        Ok(Posted(connection))
    }

    /// Waits for the answer's body to what was posted alone.
    ///
    /// # Errors
    /// As [`post`](Self::post).
    pub fn receive(&self, Posted(mut connection): Posted) -> Result<Vec<u8>, CallError> {
        self.answer_to(&mut connection).map(|(body, _)| body)
    }

    /// Sends an XML-RPC request and waits for the answer's body, however long
    /// that takes: a stop may take `stopwaitsecs`.
    ///
    /// # Errors
    /// No connection, an answer that is not HTTP, or a status other than 200.
    pub fn post(&mut self, body: &str) -> Result<Vec<u8>, CallError> {
        let mut connection = match self.connection.take().filter(Connection::is_quiet) {
            Some(connection) => connection,
            None => self.open()?,
        };
        connection.write_all(self.request(body).as_bytes())?;
        let (body, close) = self.answer_to(&mut connection)?;
        self.connection = (!close).then_some(connection);
        Ok(body)
    }

    fn request(&self, body: &str) -> String {
        let head = self.head("POST /RPC2");
        format!("{head}Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    /// The body of a good answer, and whether the connection ends with it.
    fn answer_to(&self, connection: &mut Connection) -> Result<(Vec<u8>, bool), CallError> {
        let (response, body) = self.answer(connection)?;
        match response.head() {
            Some(head) if head.status != 200 => {
                Err(CallError::Status { status: head.status, reason: head.reason.clone() })
            }
            Some(head) => Ok((body, head.close)),
            None => Err(CallError::Hangup),
        }
    }

    /// Opens an endless answer on its own connection; `path` is encoded already.
    ///
    /// # Errors
    /// No connection. What the server says comes with the stream.
    pub fn follow(&self, path: &str) -> Result<LogStream, CallError> {
        let mut connection = self.open()?;
        let request = format!("{}Accept: */*\r\n\r\n", self.head(&format!("GET {path}")));
        connection.write_all(request.as_bytes())?;
        Ok(LogStream::new(connection))
    }

    fn head(&self, what: &str) -> String {
        let host = self.endpoint.host_header();
        let mut head = format!("{what} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\n");
        if let Some(value) = &self.authorization {
            head.push_str(&format!("Authorization: {value}\r\n"));
        }
        head
    }

    fn answer(&self, connection: &mut Connection) -> Result<(Response, Vec<u8>), CallError> {
        let (mut response, mut body) = (Response::default(), Vec::new());
        let mut buffer = vec![0; READ_SIZE];
        while !response.is_done() {
            self.wait(connection)?;
            match connection.read_some(&mut buffer)? {
                [] => response.end()?,
                bytes => response.feed(bytes, &mut body)?,
            }
            if body.len() > BODY_MAX {
                return Err(CallError::BadHttp("the answer is too long"));
            }
        }
        Ok((response, body))
    }

    /// A fresh connection. With an interrupt another thread connects: that may take
    /// minutes, and who holds signals back cannot be woken from it.
    fn open(&self) -> Result<Connection, CallError> {
        if self.interrupt.is_none() {
            return Connection::open(&self.endpoint);
        }
        let (over, end) = io::pipe()?;
        let (sender, connected) = mpsc::channel();
        let endpoint = self.endpoint.clone();
        thread::Builder::new().spawn(move || {
            drop(sender.send(Connection::open(&endpoint)));
            drop(end);
        })?;
        self.wait(&over)?;
        connected.recv().unwrap_or(Err(CallError::Hangup))
    }

    /// Waits until there is something to read.
    fn wait(&self, source: &impl AsFd) -> Result<(), CallError> {
        let Some(interrupt) = &self.interrupt else { return Ok(()) };
        let mut fds =
            [PollFd::new(source.as_fd(), PollFlags::POLLIN), PollFd::new(interrupt.as_fd(), PollFlags::POLLIN)];
        loop {
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) => break,
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(io::Error::from(errno).into()),
            }
        }
        match fds {
            [_, interrupt] if interrupt.any() == Some(true) => Err(CallError::Interrupted),
            _ => Ok(()),
        }
    }
}

/// A request that was sent; its answer is to come.
#[derive(Debug)]
pub struct Posted(Connection);

/// One open socket.
#[derive(Debug)]
pub(super) enum Connection {
    Unix(UnixStream),
    Inet(TcpStream),
}

impl Connection {
    fn open(endpoint: &Endpoint) -> Result<Self, CallError> {
        match endpoint {
            Endpoint::Unix(path) => Ok(Self::Unix(UnixStream::connect(path)?)),
            Endpoint::Inet { host, port } => {
                let addresses: Vec<_> =
                    (host.as_str(), *port).to_socket_addrs().map_err(|error| lookup_error(&error))?.collect();
                let stream = TcpStream::connect(addresses.as_slice())?;
                // a request is one write; nothing is won by waiting for more
                stream.set_nodelay(true)?;
                Ok(Self::Inet(stream))
            }
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Inet(stream) => stream.write_all(bytes),
        }
    }

    /// What is there, at least a byte; empty at the end of the connection.
    pub(super) fn read_some<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        loop {
            let result = match self {
                Self::Unix(stream) => stream.read(buffer),
                Self::Inet(stream) => stream.read(buffer),
            };
            match result {
                Ok(count) => return Ok(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Neither closed by the server nor with bytes that nobody asked for.
    fn is_quiet(&self) -> bool {
        let mut fds = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO) == Ok(0)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Inet(stream) => stream.as_fd(),
        }
    }
}

/// The resolver's sentences with their numbers; std keeps the sentence only.
const LOOKUP_ERRORS: &[(i32, &str)] = &[
    (-2, "Name or service not known"),
    (-3, "Temporary failure in name resolution"),
    (-4, "Non-recoverable failure in name resolution"),
    (-5, "No address associated with hostname"),
];

fn lookup_error(error: &io::Error) -> CallError {
    let said = error.to_string();
    let (code, text) = LOOKUP_ERRORS
        .iter()
        .find(|(_, text)| said.ends_with(text))
        .copied()
        .unwrap_or((-2, "Name or service not known"));
    CallError::Lookup { code, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Transport};
    use crate::client::CallError;
    use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, socket};
    use std::os::fd::{AsRawFd, OwnedFd};

    /// A daemon that takes no connection, and a queue of them that is full.
    #[test]
    fn an_interrupt_ends_a_connect_that_waits() {
        let path = std::env::temp_dir().join(format!("transport-{}.sock", std::process::id()));
        drop(std::fs::remove_file(&path));
        let address = UnixAddr::new(&path).unwrap();
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let open = || socket(AddressFamily::Unix, SockType::Stream, flags, None).unwrap();
        let server = open();
        bind(server.as_raw_fd(), &address).unwrap();
        listen(&server, Backlog::new(0).unwrap()).unwrap();
        let mut queue = Vec::new();
        while queue.len() < 16 {
            let client = open();
            if connect(client.as_raw_fd(), &address).is_err() {
                break;
            }
            queue.push(client);
        }
        assert!(queue.len() < 16, "the queue is never full");

        let (reader, writer) = std::io::pipe().unwrap();
        drop(writer);
        let url = format!("unix://{}", path.display());
        let mut transport = Transport::new(&url, None).unwrap().interrupted_by(OwnedFd::from(reader));
        assert!(matches!(transport.post(""), Err(CallError::Interrupted)));
        std::fs::remove_file(&path).unwrap();
    }

    /// B3.3.3: upstream breaks this header when the pair is longer than 57 bytes.
    #[test]
    fn long_credentials_stay_on_one_line() {
        let credentials = Credentials { username: "u".repeat(60), password: "secret".to_owned() };
        let header = credentials.header();
        assert!(header.starts_with("Basic ") && !header.contains(['\r', '\n']), "{header}");
        assert!(!format!("{credentials:?}").contains("secret"));
    }
}
