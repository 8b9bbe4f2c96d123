//! A real server on a unix socket: raw bytes on one side, on the other an
//! engine that is told what to answer.

pub(in crate::http) mod engine;
mod auth;
mod bounds;
mod framing;
mod logtail;
mod panics;
mod rpc;
mod web;
mod wire;

use super::{Context, Door, Limits, Listener, Socket};
use crate::config::{Address, Credentials, HttpServer, Ownership};
use crate::engine::EngineHandle;
use crate::model::Level;
use crate::sys::testdir::TestDir;
use engine::Engine;
use std::cell::Cell;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::timeout;

thread_local! {
    static PLANTED: Cell<&'static str> = const { Cell::new("") };
}

/// Panics once, where a test of this thread wants it.
pub(in crate::http) fn panic_at(place: &str) {
    if PLANTED.get() == place {
        PLANTED.set("");
        panic!("planted");
    }
}

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a test may want different.
#[derive(Default)]
struct Setup {
    auth: Option<(&'static str, &'static str)>,
    cross_origin: bool,
    limits: Limits,
}

/// A server that runs, and its engine.
struct House {
    socket: PathBuf,
    directory: TestDir,
    engine: Engine,
    stop: watch::Sender<bool>,
}

impl House {
    async fn open(setup: Setup) -> Self {
        let directory = TestDir::new();
        let socket = directory.path().join("sock");
        let (handle, inbox) = EngineHandle::channel(Level::Trace);
        let engine = Engine::run(inbox.commands, directory.path().to_owned());
        let context = context(handle, &setup);
        let auth = setup.auth.map(|(name, password)| Credentials { username: name.into(), password: password.into() });
        let address = Address::Unix { path: socket.clone(), chmod: 0o700, chown: Ownership::default() };
        let listener = Listener {
            socket: Socket::Unix(UnixListener::bind(&socket).unwrap()),
            server: HttpServer { section: "unix_http_server".to_owned(), address, auth },
        };
        let (stop, stopped) = watch::channel(false);
        tokio::task::spawn_local(Door::new(listener, &context).unwrap().serve(stopped));
        Self { socket, directory, engine, stop }
    }

    /// Waits until the log has that line.
    async fn tells(&self, line: &str) {
        let told = async {
            while !self.engine.lines.borrow().iter().any(|told| told == line) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("{line:?} in {:?}", self.engine.lines.borrow()));
    }

    async fn connect(&self) -> Client {
        Client { stream: UnixStream::connect(&self.socket).await.unwrap(), unread: Vec::new() }
    }

    /// Everything that comes back until the server closes.
    async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.rest().await
    }

    /// The answer to one request of a connection that goes on.
    async fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await
    }
}

fn context(engine: EngineHandle, setup: &Setup) -> Rc<Context> {
    Rc::new(Context {
        engine,
        namespaces: vec!["supervisor".to_owned()],
        identifier: "supervisor".to_owned(),
        version: "4.3.0".to_owned(),
        started: Duration::from_secs(1_795_359_580),
        cross_origin: setup.cross_origin,
        limits: setup.limits,
    })
}

/// A peer that speaks bytes.
struct Client {
    stream: UnixStream,
    unread: Vec<u8>,
}

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// False when the server takes no more.
    async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    async fn half_close(&mut self) {
        drop(self.stream.shutdown().await);
    }

    /// More bytes; false at the end.
    async fn receive(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        read.expect("the server keeps silent").unwrap_or(0) > 0
    }

    /// One answer, as long as its Content-Length says, dates masked.
    async fn answer(&mut self) -> String {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.receive().await, "closed within {:?}", String::from_utf8_lossy(&self.unread));
        };
        let head = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        let length =
            head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |n| n.parse().unwrap());
        self.take(end + length).await
    }

    /// That many bytes.
    async fn take(&mut self, count: usize) -> String {
        while self.unread.len() < count {
            assert!(self.receive().await, "closed within {:?}", String::from_utf8_lossy(&self.unread));
        }
        let bytes: Vec<u8> = self.unread.drain(..count).collect();
        mask(&String::from_utf8_lossy(&bytes))
    }

    /// Everything until the server closes.
    async fn rest(&mut self) -> String {
        while self.receive().await {}
        mask(&String::from_utf8_lossy(&std::mem::take(&mut self.unread)))
    }
}

/// A server on TCP whose client says hello and is gone; what the log says of it.
fn tcp_access_line() -> (String, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (handle, inbox) = EngineHandle::channel(Level::Trace);
        let engine = Engine::run(inbox.commands, PathBuf::new());
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let place = Address::Inet { host: "127.0.0.1".to_owned(), port: address.port() };
        let server = HttpServer { section: "inet_http_server".to_owned(), address: place, auth: None };
        let listener = Listener { socket: Socket::Tcp(socket), server };
        let (stop, stopped) = watch::channel(false);
        let door = Door::new(listener, &context(handle, &Setup::default())).unwrap();
        let serving = tokio::task::spawn_local(door.serve(stopped));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET /ok.html HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, client.read_to_string(&mut answer)).await.unwrap().unwrap();
        drop(client);
        stop.send(true).unwrap();
        timeout(PATIENCE, serving).await.unwrap().unwrap();
        let lines = engine.lines.borrow().clone();
        (mask(&answer), lines)
    })
}

fn mask(text: &str) -> String {
    let masked = |line: &str| if line.starts_with("Date: ") { "Date: D\r\n".to_owned() } else { line.to_owned() };
    text.split_inclusive('\n').map(masked).collect()
}

/// Runs a test with a server of that setup.
fn with(setup: Setup, test: impl AsyncFnOnce(&House)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let house = House::open(setup).await;
        test(&house).await;
    });
}

/// A call of a method without parameters.
fn call_body(method: &str) -> String {
    format!(
        "<?xml version='1.0'?>\n<methodCall>\n<methodName>{method}</methodName>\n<params>\n</params>\n</methodCall>\n"
    )
}

fn post(version: &str, headers: &str, body: &str) -> String {
    format!("POST /RPC2 {version}\r\nHost: localhost\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// A whole request for a method without parameters.
fn call(method: &str) -> String {
    post("HTTP/1.1", "", &call_body(method))
}

/// A whole request to start a process and wait.
fn start(name: &str) -> String {
    let param = format!("<params><param><value><string>{name}</string></value></param></params>");
    post("HTTP/1.1", "", &call_body("supervisor.startProcess").replace("<params>\n</params>", &param))
}

/// An answer with that result.
fn answered(head: &str, value: &str) -> String {
    let body = format!(
        "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>{value}</value>\n</param>\n</params>\n</methodResponse>\n"
    );
    let (status, more) = head.split_once('|').unwrap_or((head, ""));
    format!(
        "{status}\r\nServer: Medusa/1.12\r\nDate: D\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n{more}\r\n{body}",
        body.len()
    )
}

/// An error answer with its page.
fn error(head: &str, code: u16, reason: &str) -> String {
    let page = format!(
        "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n<p>Error code {code}.\r\n<p>Message: {reason}.\r\n</body>\r\n"
    );
    let (version, more) = head.split_once('|').unwrap_or((head, ""));
    format!(
        "{version} {code} {reason}\r\nServer: Medusa/1.12\r\nDate: D\r\nContent-Length: {}\r\nContent-Type: text/html\r\n{more}\r\n{page}",
        page.len()
    )
}
