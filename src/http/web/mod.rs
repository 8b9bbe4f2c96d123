//! The web interface: status page, its actions, the tail page and static files
//! (B2.10, B2.11). Plain HTML without scripts; asks the engine as calls do.

mod action;
mod assets;
mod html;
mod status;
mod tail;

pub(super) use assets::file;

use super::access_log::ctime;
use super::connection::Server;
use super::percent::{self, Form};
use super::reply::Reply;
use super::route::Page;
use crate::engine::EngineHandle;
use crate::rpc::{Reply as Answer, Request};
use crate::sys::clock;
use action::Action;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, HeaderName, HeaderValue, LOCATION, PRAGMA};
use hyper::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};

/// A log of more bytes takes milliseconds to draw.
const LARGE_TEXT: usize = 256 << 10;

/// The same for more processes.
const LARGE_TABLE: usize = 200;

/// Said in place of the table while the daemon stops (B1.13.4).
const STOPPING: &str = "Supervisor is shutting down or restarting; its processes cannot be shown now";

/// What health checks ask for (B2.11.3).
pub(super) fn ok() -> Reply {
    Reply::whole("text/plain", "OK")
}

/// Answers for a page; one that acts answers with the way back to the status
/// page when the action is done. `is_foreign` pages may look, but not act. `None` when
/// it is a large one and there is no room for it.
pub(super) async fn page(
    page: Page,
    query: Option<&str>,
    body: &[u8],
    is_foreign: bool,
    server: &Server,
) -> Option<Reply> {
    let form = Form::read(query, body);
    let context = server.context();
    let reply = match (page, Action::of(&form)) {
        (Page::Ok, _) => ok(),
        (Page::Tail, _) => return tail_page(&form, server).await,
        (Page::Status, Ok(None)) => return status_page(form.get("message"), server).await,
        (Page::Status, _) if is_foreign => Reply::error(StatusCode::FORBIDDEN),
        (Page::Status, Ok(Some(action))) => {
            back_with(&action.perform(&context.engine, || ctime(clock::local_time(clock::now().wall))).await)
        }
        (Page::Status, Err(_)) => Reply::error(StatusCode::BAD_REQUEST),
    };
    Some(reply)
}

async fn tail_page(form: &Form, server: &Server) -> Option<Reply> {
    let engine = &server.context().engine;
    let large = server.large_answers();
    let tail = tail::Tail::of(form);
    let _turn = if tail.may_be_large() { Some(large.read().await?) } else { None };
    let text = tail.text(engine).await;
    let page = draw(text.len() > LARGE_TEXT, engine, move || tail.render(&text)).await?;
    large.admit(shown(StatusCode::OK, page)).await
}

async fn status_page(message: Option<&str>, server: &Server) -> Option<Reply> {
    let context = server.context();
    let (status, message, infos) = match context.engine.call(Request::GetAllProcessInfo).await {
        Ok(Answer::Infos(infos)) => (StatusCode::OK, message, Some(infos)),
        _ => (StatusCode::SERVICE_UNAVAILABLE, Some(STOPPING), None),
    };
    let is_large = infos.as_ref().is_some_and(|infos| infos.list().len() > LARGE_TABLE);
    let large = server.large_answers();
    let _turn = if is_large { Some(large.read().await?) } else { None };
    let (identifier, version) = (context.identifier.clone(), context.version.clone());
    let message = message.map(str::to_owned);
    let draw_it = move || {
        let processes = infos.as_ref().map(|infos| infos.list());
        let (identifier, version, message) = (&identifier, &version, message.as_deref());
        status::render(&status::Status { identifier, version, message, processes })
    };
    let page = draw(is_large, &context.engine, draw_it).await?;
    large.admit(shown(status, page)).await
}

/// A page; a large one takes milliseconds, for which the loop does not wait.
async fn draw(
    is_large: bool,
    engine: &EngineHandle,
    render: impl FnOnce() -> String + Send + 'static,
) -> Option<String> {
    if is_large { engine.aside().done("the drawing of a page", render).await } else { Some(render()) }
}

/// A page, never kept by a browser nor shown inside another site's (B2.11.2, B2.12.2).
fn shown(status: StatusCode, page: String) -> Reply {
    let reply = Reply::empty(status).with(CONTENT_TYPE, HeaderValue::from_static("text/html;charset=utf-8"));
    let reply = uncached(reply)
        .with(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))
        .with(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply.body(page)
}

/// To the status page, with a message. The path is ours: built from the Host
/// header it would lead wherever a client likes (B2.11.8, B2.11.9).
fn back_with(message: &str) -> Reply {
    let location = format!("/?message={}", percent::encode(message));
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    let status = StatusCode::MOVED_PERMANENTLY;
    let reply = Reply::empty(status).with(LOCATION, location).with(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    uncached(reply).body(super::error_page::error_page(status))
}

fn uncached(reply: Reply) -> Reply {
    const FIELDS: [(HeaderName, HeaderValue); 3] = [
        (PRAGMA, HeaderValue::from_static("no-cache")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (EXPIRES, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT")),
    ];
    FIELDS.into_iter().fold(reply, |reply, (name, value)| reply.with(name, value))
}
