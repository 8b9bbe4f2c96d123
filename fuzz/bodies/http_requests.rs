//! Whatever a client may send on one connection, to the whole server over a real
//! socket, with an engine that is made up.
//!
//! The first byte tells where the bytes are cut into writes; then the client has
//! sent all it wanted and reads to the end. The server must end too, each answer
//! must be one, and what comes back is bounded by what was sent.

use super::cut;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream as Connection};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use supervisord::config::{Address, HttpServer, Ownership};
use supervisord::engine::EngineHandle;
use supervisord::engine::handle::{Command, Inbox};
use supervisord::http::{Context, Door, Limits, Listener, Socket};
use supervisord::model::{Level, SupervisorState};
use supervisord::rpc::{Fault, FaultCode, Infos, Reply, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::timeout;

/// Of the runtime's clock, which jumps when nothing is left to do.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Of real time, for everything.
const LIMIT: Duration = Duration::from_secs(20);

/// The shortest request, and the longest answer to one.
const SHORTEST: usize = 16;
const LONGEST: usize = 64 << 10;

/// A server that runs on this thread for all inputs.
struct House {
    runtime: Runtime,
    tasks: LocalSet,
    address: SocketAddr,
    _stop: watch::Sender<bool>,
}

thread_local! {
    static HOUSE: House = House::open();
}

pub(super) fn run(data: &[u8]) {
    let (sent, pieces) = cut(data);
    let begun = std::time::Instant::now();
    let back = HOUSE.with(|house| house.tasks.block_on(&house.runtime, exchange(&house.address, &pieces)));
    assert!(begun.elapsed() < LIMIT, "it took {:?}", begun.elapsed());
    assert!(back.len() <= (sent.len() / SHORTEST + 1) * LONGEST, "{} bytes for {}", back.len(), sent.len());
    check(&back);
}

impl House {
    fn open() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("supervisord-fuzz-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let address = SocketAddr::from_abstract_name(name).expect("a short name");
        let socket = Socket::Unix(UnixListener::bind_addr(&address).expect("a free name"));
        let place = Address::Unix { path: "/none".into(), chmod: 0o700, chown: Ownership::default() };
        let server = HttpServer { section: "unix_http_server".to_owned(), address: place, auth: None };
        let (engine, inbox) = EngineHandle::channel(Level::Trace);
        let context = Context {
            engine,
            namespaces: vec!["supervisor".to_owned()],
            identifier: "fuzz".to_owned(),
            version: "4.3.0".to_owned(),
            started: Duration::from_secs(1_795_359_580),
            cross_origin: false,
            limits: Limits { body_bytes: 64 << 10, ..Limits::default() },
        };
        let (stop, stopped) = watch::channel(false);
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
        let tasks = LocalSet::new();
        drop(tasks.spawn_local(answer(inbox)));
        let inside = runtime.enter();
        let door = Door::new(Listener { socket, server }, &Rc::new(context)).expect("a socket that can be watched");
        drop(tasks.spawn_local(door.serve(stopped)));
        drop(inside);
        Self { runtime, tasks, address, _stop: stop }
    }
}

/// Sends the pieces and then its end; everything that comes back.
async fn exchange(address: &SocketAddr, pieces: &[&[u8]]) -> Vec<u8> {
    let connection = Connection::connect_addr(address).expect("room for one more");
    connection.set_nonblocking(true).expect("a socket can wait");
    let (mut reader, mut writer) = UnixStream::from_std(connection).expect("a socket").into_split();
    let sending = async move {
        for piece in pieces {
            // A server that has heard enough may close.
            if writer.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(writer.shutdown().await);
    };
    let mut back = Vec::new();
    let both = async { tokio::join!(sending, reader.read_to_end(&mut back)) };
    let (_, read) = timeout(PATIENCE, both).await.expect("the server does not end");
    // What was not read of the request may cut the answer short.
    drop(read);
    back
}

/// Answers as an engine could, at once; no log is there to be followed.
async fn answer(mut inbox: Inbox) {
    while let Some(command) = inbox.next().await {
        match command {
            Command::Call { request, answer } => drop(answer.send(reply(request))),
            Command::LogPath { answer, .. } | Command::MainLogPath { answer } => drop(answer.send(None)),
            Command::Log(_) => {}
        }
    }
}

fn reply(request: Request) -> Result<Reply, Fault> {
    match request {
        Request::GetState => Ok(Reply::State(SupervisorState::Running)),
        Request::GetAllProcessInfo => Ok(Reply::Infos(Infos::new(vec![]))),
        Request::ReadProcessLog { name, .. } => Ok(Reply::Text(name)),
        Request::GetProcessInfo(name) => Err(Fault::with(FaultCode::BadName, name)),
        _ => Ok(Reply::Done),
    }
}

/// One answer behind the other, each as long as it says, and none our fault.
fn check(mut back: &[u8]) {
    while !back.is_empty() {
        let shown = || String::from_utf8_lossy(back).into_owned();
        let Some(end) = back.windows(4).position(|four| four == b"\r\n\r\n") else {
            panic!("no head: {:?}", shown());
        };
        let (head, rest) = back.split_at(end + 4);
        let head = std::str::from_utf8(head).expect("a head is ASCII");
        let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).unwrap_or_default();
        assert!(status.parse::<u16>().is_ok() && status != "500", "{:?}", shown());
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.map_or(0, |length| length.parse::<usize>().expect("a length is a number"));
        // An answer to HEAD tells a length and has no body.
        let bare = rest.is_empty() || rest.starts_with(b"HTTP/1.");
        back = if bare { rest } else { rest.get(length..).unwrap_or_else(|| panic!("cut: {:?}", shown())) };
    }
}
