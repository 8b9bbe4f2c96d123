//! Serving. HTTP/1 on TCP and unix sockets: calls, log tails and the web
//! interface, on one thread.
//!
//! It knows the engine by its handle only, and keeps no state of its own but
//! who is connected. hyper reads and writes the protocol; routes, error pages,
//! header order and all bounds are here. Wants a `tokio::task::LocalSet`.

mod access_log;
mod answer;
mod auth;
mod bell;
mod body;
mod connection;
mod error_page;
mod guard;
mod head;
mod idle;
mod large;
mod life;
mod limits;
mod logtail;
mod origin;
mod payload;
mod percent;
mod reply;
mod room;
mod route;
mod rpc;
mod stream;
mod web;
mod wire;
#[cfg(test)]
mod tests;

pub use limits::Limits;

use crate::config::HttpServer;
use crate::engine::EngineHandle;
use crate::model::Level;
use crate::sys::errno::os_error_text;
use crate::sys::panics::text_of;
use crate::sys::socket::SocketError;
use connection::Server;
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::rc::Rc;
use std::time::Duration;
use stream::Stream;
use tokio::sync::watch;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, sleep, timeout};

/// After a failed accept, before the next: descriptors need time to come free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The same when a connection was sent away for it.
const EVICT_PAUSE: Duration = Duration::from_millis(2);
/// Between two complaints about one kind of trouble.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

/// What all servers of the daemon share.
#[derive(Debug)]
pub struct Context {
    /// Who answers.
    pub engine: EngineHandle,
    /// The `x` of each `[rpcinterface:x]`: the namespaces that calls find.
    pub namespaces: Vec<String>,
    /// The daemon's name, for the status page.
    pub identifier: String,
    /// Its version, for the status page.
    pub version: String,
    /// Since the epoch: when the daemon began, which is when the files of the web
    /// interface were last modified (B2.10.7).
    pub started: Duration,
    /// Let pages of other sites call and act (B2.12.2).
    pub cross_origin: bool,
    /// What clients may take.
    pub limits: Limits,
}

/// A bound, listening socket.
#[derive(Debug)]
pub enum Socket {
    /// Of an `[inet_http_server]`.
    Tcp(TcpListener),
    /// Of a `[unix_http_server]`.
    Unix(UnixListener),
}

/// A socket and the section that asked for it.
#[derive(Debug)]
pub struct Listener {
    /// Where clients come in.
    pub socket: Socket,
    /// Who may.
    pub server: HttpServer,
}

/// Where clients come in.
pub struct Door {
    acceptor: Acceptor,
    server: Rc<Server>,
    grace: Duration,
    connections: JoinSet<()>,
    complaints: Complaints,
}

impl Door {
    /// A door that is still closed. To be called inside the runtime.
    ///
    /// # Errors
    /// The system does not tell of clients there: it watches no more descriptors
    /// for this user (`fs.epoll.max_user_watches`), or has no memory.
    pub fn new(listener: Listener, context: &Rc<Context>) -> Result<Self, SocketError> {
        Ok(Self {
            acceptor: Acceptor::new(listener.socket)?,
            server: Rc::new(Server::new(listener.server, Rc::clone(context))),
            grace: context.limits.grace,
            connections: JoinSet::new(),
            complaints: Complaints::default(),
        })
    }

    /// Serves until `shutdown` becomes true or its sender is gone; then answers
    /// under way get a moment to be finished.
    pub async fn serve(mut self, mut shutdown: watch::Receiver<bool>) {
        let guard = Rc::clone(self.server.guard());
        while guard.caught("a connection", self.turn(&mut shutdown)).await.unwrap_or(true) {}
        let Self { acceptor, server, grace, mut connections, .. } = self;
        drop(acceptor);
        server.stop();
        let finished = async { while connections.join_next().await.is_some() {} };
        // Whoever is not done by then is cut off when the set is dropped (B1.13.5).
        drop(timeout(grace, finished).await);
    }

    /// Waits for the next client or the end of another; false at the end of all.
    async fn turn(&mut self, shutdown: &mut watch::Receiver<bool>) -> bool {
        let Self { acceptor, server, connections, complaints, .. } = self;
        let accepted = tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return false,
            Some(ended) = connections.join_next() => {
                // A bug; it has cost that connection.
                if let Some(panic) = ended.err().and_then(|error| error.try_into_panic().ok()) {
                    server.guard().lost("a connection", &text_of(&*panic));
                }
                return true;
            }
            accepted = acceptor.accept() => accepted,
        };
        #[cfg(test)]
        tests::panic_at("accept");
        match accepted {
            Ok((stream, peer)) => {
                if server.is_full() {
                    if !server.make_room() {
                        complaints.make(server, Level::Error, "has too many connections, a new one was closed");
                        return true;
                    }
                    // who was sent away closes before the next comes in
                    yield_now().await;
                }
                connections.spawn_local(connection::run(stream, peer, Rc::clone(server)));
            }
            Err(error) => {
                complaints.make(
                    server,
                    Level::Error,
                    &format!("cannot accept a connection: {}", os_error_text(&error)),
                );
                let pause = if server.make_room() { EVICT_PAUSE } else { ACCEPT_PAUSE };
                tokio::select! {
                    _ = shutdown.wait_for(|stop| *stop) => return false,
                    () = sleep(pause) => {}
                }
            }
        }
        true
    }
}

/// Keeps one kind of trouble from filling the log.
#[derive(Debug, Default)]
struct Complaints {
    last: Option<Instant>,
}

impl Complaints {
    fn make(&mut self, server: &Server, level: Level, text: &str) {
        if self.last.is_none_or(|last| last.elapsed() >= COMPLAINT_PAUSE) {
            self.last = Some(Instant::now());
            server.log(level, text);
        }
    }
}

enum Acceptor {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

impl Acceptor {
    fn new(socket: Socket) -> io::Result<Self> {
        match socket {
            Socket::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                tokio::net::TcpListener::from_std(listener).map(Self::Tcp)
            }
            Socket::Unix(listener) => {
                listener.set_nonblocking(true)?;
                tokio::net::UnixListener::from_std(listener).map(Self::Unix)
            }
        }
    }

    /// The next connection, and who it is for the log (B2.13.1).
    async fn accept(&self) -> io::Result<(Stream, String)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Stream::tcp(stream), format!("{}:{}", peer.ip(), peer.port())))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), "localhost:0".to_owned()))
            }
        }
    }
}
