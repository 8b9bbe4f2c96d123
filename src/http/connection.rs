//! One connection from accept to close: hyper drives the protocol, the rest of
//! the world (time, shutdown, room for others) is watched beside it.

use super::answer::answer;
use super::error_page;
use super::guard::Guard;
use super::idle::Idle;
use super::large::LargeAnswers;
use super::life::{Admitted, Life, Lives, Phase};
use super::limits::{HEAD_LINES, HYPER_BYTES};
use super::stream::Stream;
use super::wire::Wire;
use super::{Complaints, Context, Limits};
use crate::config::{Credentials, HttpServer};
use crate::model::Level;
use crate::sys::clock;
use crate::sys::limits::files_are_scarce;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

/// Bytes that a follower may send before it is taken for a nuisance. hyper does not
/// look at the socket while it has input that it keeps for later, and upstream's
/// client sends an empty line behind its request.
const FOLLOWER_CHATTER: usize = 1 << 20;

/// Connections that there is room for while descriptors are scarce.
const FEWEST: usize = 4;

/// One server section and everybody connected to it.
#[derive(Debug)]
pub(super) struct Server {
    section: HttpServer,
    context: Rc<Context>,
    lives: Rc<Lives>,
    large_bodies: Semaphore,
    large_answers: LargeAnswers,
    idle: Rc<Idle>,
    guard: Rc<Guard>,
    foreign: RefCell<Complaints>,
}

impl Server {
    /// A server without connections.
    pub(super) fn new(section: HttpServer, context: Rc<Context>) -> Self {
        let large_bodies = Semaphore::new(context.limits.large_bodies);
        let guard = Rc::new(Guard::new(context.engine.clone(), section.section.clone()));
        let idle = Rc::new(Idle::new(Rc::clone(&guard)));
        let lives = Rc::default();
        let large_answers = LargeAnswers::new(&context.limits, Rc::clone(&lives));
        let foreign = RefCell::default();
        Self { section, context, lives, large_bodies, large_answers, idle, guard, foreign }
    }

    /// Who may keep a large body in memory.
    pub(super) fn large_bodies(&self) -> &Semaphore {
        &self.large_bodies
    }

    /// Who may make one, and who has not read one.
    pub(super) fn large_answers(&self) -> &LargeAnswers {
        &self.large_answers
    }

    /// Who follows a log that does not grow.
    pub(super) fn idle(&self) -> &Rc<Idle> {
        &self.idle
    }

    /// What catches its panics.
    pub(super) fn guard(&self) -> &Rc<Guard> {
        &self.guard
    }

    /// What it shares with others.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Who it lets in; `None` is everybody.
    pub(super) fn credentials(&self) -> Option<&Credentials> {
        self.section.auth.as_ref()
    }

    /// No connection more fits. A few always do: when the programs have nearly all
    /// descriptors, somebody has to be able to stop one.
    pub(super) fn is_full(&self) -> bool {
        let count = self.lives.count();
        count >= self.context.limits.connections || (count >= FEWEST && files_are_scarce())
    }

    /// No follower more fits.
    pub(super) fn is_full_of_followers(&self) -> bool {
        self.lives.followers() >= self.context.limits.followers
    }

    /// Asks all connections to finish what they do.
    pub(super) fn stop(&self) {
        self.lives.stop();
    }

    /// Sends the longest idle connection away; false if there is none.
    pub(super) fn make_room(&self) -> bool {
        self.lives.make_room()
    }

    /// The log tells of a request of another site's page that was refused, and
    /// how to let such in.
    pub(super) fn tell_of_foreign(&self) {
        let text = "refused a request from a page of another site; cross_origin=true in [supervisord] lets them in";
        self.foreign.borrow_mut().make(self, Level::Warn, text);
    }

    /// Writes about this server to the activity log.
    pub(super) fn log(&self, level: Level, text: &str) {
        self.guard.log(level, text);
    }
}

/// Why a connection is over.
enum End {
    /// The protocol came to its end; what was sent last may still be on its way.
    Done,
    /// Nobody is there to read any more, or it has to go at once.
    Cut,
}

/// Serves one connection, which is one of the server's from now on.
pub(super) fn run(stream: Stream, peer: String, server: Rc<Server>) -> impl Future<Output = ()> {
    let admitted = server.lives.admit();
    async move {
        let stream = Rc::new(stream);
        if let End::Done = drive(&stream, &peer, &server, &admitted).await
            && !admitted.life().has_ended()
        {
            let refusal = admitted.life().refusal();
            let last = refusal.map_or_else(Vec::new, |status| error_page::refusal(status, clock::now().wall));
            tokio::select! {
                () = stream.linger(&last) => {}
                () = admitted.life().until_evicted() => {}
            }
        }
    }
}

async fn drive(stream: &Rc<Stream>, peer: &str, server: &Rc<Server>, admitted: &Admitted) -> End {
    let life = admitted.life();
    let limits = &server.context.limits;
    let service = service_fn(|request: Request<Incoming>| {
        // Of chunks nobody knows how many there are, and they are a connection's last.
        life.begin(request.body().size_hint().exact().unwrap_or(u64::MAX));
        answer(request, peer, Rc::clone(server), Rc::clone(life))
    });
    let io = TokioIo::new(Wire::new(Rc::clone(stream), Rc::clone(life)));
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(HYPER_BYTES)
        .max_headers(HEAD_LINES)
        .auto_date_header(false)
        .title_case_headers(true)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let mut check = pin!(sleep(limits.head_time));
    loop {
        // The first one is what wakes this task nearly always; each of the others
        // costs every call a little.
        tokio::select! {
            biased;
            ended = life.bell().wakes(connection.as_mut()) => {
                // hyper has no words for a client that wants to speak HTTP/2.
                if ended.is_err() && life.phase() == Phase::Head {
                    life.refuse(StatusCode::BAD_REQUEST);
                }
                return End::Done;
            }
            () = life.until_called() => {
                if life.is_evicted() {
                    return End::Cut;
                }
            }
            () = stream.drain(FOLLOWER_CHATTER), if life.phase() == Phase::Streaming => return End::Cut,
            () = check.as_mut() => {
                let Some(rest) = time_left(life, limits) else { return End::Cut };
                check.as_mut().reset(Instant::now() + rest.min(limits.head_time));
            }
        }
        if life.is_stopping() {
            if life.phase() == Phase::Streaming {
                return End::Cut;
            }
            connection.as_mut().graceful_shutdown();
        }
    }
}

/// How long the client may go on with what it is doing; `None` when it is over.
/// Answers take the time they take (B1.12.5), and a body has bounds of its own.
fn time_left(life: &Life, limits: &Limits) -> Option<Duration> {
    let (most, passed) = match life.phase() {
        Phase::Idle => (limits.idle_time, life.age()),
        Phase::Head => (limits.head_time, life.age()),
        Phase::Sending => (limits.unread_time, life.unread_for()),
        Phase::Body | Phase::Answering | Phase::Streaming => return Some(limits.head_time),
    };
    most.checked_sub(passed).filter(|rest| !rest.is_zero())
}
