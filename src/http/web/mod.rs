//! The web interface: status page, its actions, the tail page and static files
//! (B2.10, B2.11). Plain HTML without scripts; asks the engine as calls do.

mod action;
mod assets;
mod html;
mod status;
mod tail;

pub(super) use assets::file;

use super::Context;
use super::access_log::ctime;
use super::percent::{self, Form};
use super::reply::Reply;
use super::route::Page;
use crate::rpc::{Reply as Answer, Request};
use crate::sys::clock;
use action::Action;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, HeaderName, HeaderValue, LOCATION, PRAGMA};
use hyper::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};

/// Said in place of the table while the daemon stops (B1.13.4).
const STOPPING: &str = "Supervisor is shutting down or restarting; its processes cannot be shown now";

/// What health checks ask for (B2.11.3).
pub(super) fn ok() -> Reply {
    Reply::whole("text/plain", "OK")
}

/// Answers for a page; one that acts answers with the way back to the status
/// page when the action is done. `is_foreign` pages may look, but not act.
pub(super) async fn page(page: Page, query: Option<&str>, body: &[u8], is_foreign: bool, context: &Context) -> Reply {
    let form = Form::read(query, body);
    match (page, Action::of(&form)) {
        (Page::Ok, _) => ok(),
        (Page::Tail, _) => shown(StatusCode::OK, tail::page(&form, &context.engine).await),
        (Page::Status, Ok(None)) => status_page(form.get("message"), context).await,
        (Page::Status, _) if is_foreign => Reply::error(StatusCode::FORBIDDEN),
        (Page::Status, Ok(Some(action))) => {
            back_with(&action.perform(&context.engine, || ctime(clock::local_time(clock::now().wall))).await)
        }
        (Page::Status, Err(_)) => Reply::error(StatusCode::BAD_REQUEST),
    }
}

async fn status_page(message: Option<&str>, context: &Context) -> Reply {
    let answer = context.engine.call(Request::GetAllProcessInfo).await;
    let (status, message, processes) = match &answer {
        Ok(Answer::Infos(infos)) => (StatusCode::OK, message, Some(infos.list())),
        _ => (StatusCode::SERVICE_UNAVAILABLE, Some(STOPPING), None),
    };
    let page = status::Status { identifier: &context.identifier, version: &context.version, message, processes };
    shown(status, status::render(&page))
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
