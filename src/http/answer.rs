//! From a request to its answer: who asks, what for, how much is read (B2.6, B2.7).

use super::access_log::Asked;
use super::auth::{self, Verdict};
use super::body::{self, BodyError};
use super::connection::Server;
use super::life::{Life, Phase};
use super::limits::FORM_BYTES;
use super::payload::Payload;
use super::reply::{Persistence, Reply};
use super::route::{Page, Route, route};
use super::{logtail, origin, rpc, web};
use crate::sys::clock;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use std::convert::Infallible;
use std::rc::Rc;

/// Answers one request of `peer`.
///
/// # Errors
/// None; hyper's signature asks for a type.
pub(super) async fn answer(
    request: Request<Incoming>,
    peer: &str,
    server: Rc<Server>,
    life: Rc<Life>,
) -> Result<Response<Payload>, Infallible> {
    let (parts, body) = request.into_parts();
    #[cfg(test)]
    assert!(parts.uri.path() != "/planted", "planted");
    let engine = &server.context().engine;
    let (persistence, asked) = (Persistence::of(&parts), Asked::of(&parts, engine));
    let route = route(&parts.method, parts.uri.path());
    let body = match refusal(&parts, &server, &life) {
        None => read(&parts, body, &route, &server, &life).await,
        Some(refusal) => Err(refusal),
    };
    let reply = match body {
        Err(refusal) => refusal,
        Ok(body) => {
            life.enter(Phase::Answering);
            if route == Route::Rpc && parts.method == Method::POST && !is_foreign(&parts, &server) {
                // The call may wait long, and the head is of no use to it.
                drop(parts);
                rpc::answer(body, &server).await
            } else {
                // apart, so that calls carry less about
                Box::pin(serve(parts, body, route, &server)).await
            }
        }
    };
    let wall = clock::coarse().wall;
    let response = reply.send(persistence, wall);
    if response.status() == StatusCode::FORBIDDEN {
        server.tell_of_foreign();
    }
    if let Some(asked) = asked {
        asked.write(engine, peer, &response, wall);
    }
    Ok(response.map(|payload| payload.watched_by(&life)))
}

/// Everything needs the password: pages, files and unknown paths too (B2.7.1).
fn refusal(parts: &Parts, server: &Server, life: &Life) -> Option<Reply> {
    let header = parts.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    match auth::check(server.credentials(), header) {
        // No host is needed (B2.4.5), but with two nobody knows whom it is for.
        Verdict::Pass if parts.headers.get_all(HOST).iter().nth(1).is_some() => {
            Some(Reply::error(StatusCode::BAD_REQUEST).closing())
        }
        Verdict::Pass => None,
        Verdict::Malformed => Some(Reply::error(StatusCode::BAD_REQUEST).closing()),
        Verdict::Refused => {
            life.respell();
            Some(unauthorized())
        }
    }
}

/// In upstream's order of headers (B2.7.5).
fn unauthorized() -> Reply {
    Reply::empty(StatusCode::UNAUTHORIZED)
        .with(CONNECTION, HeaderValue::from_static("close"))
        .with(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"default\""))
        .page()
}

/// Whether it comes from another site's page, and those are not let in.
fn is_foreign(parts: &Parts, server: &Server) -> bool {
    !server.context().cross_origin && origin::is_foreign(&parts.headers)
}

/// Everything but calls, whose answers are few.
async fn serve(parts: Parts, body: Bytes, route: Route, server: &Rc<Server>) -> Reply {
    let context = server.context();
    match route {
        Route::Rpc if parts.method != Method::POST => Reply::error(StatusCode::BAD_REQUEST),
        Route::Rpc => Reply::error(StatusCode::FORBIDDEN),
        Route::LogTail(_) | Route::MainLogTail if parts.method != Method::GET => Reply::error(StatusCode::BAD_REQUEST),
        Route::LogTail(None) => Reply::error(StatusCode::NOT_FOUND),
        Route::LogTail(_) | Route::MainLogTail if server.is_full_of_followers() => {
            Reply::error(StatusCode::SERVICE_UNAVAILABLE)
        }
        Route::LogTail(Some((name, channel))) => {
            let path = context.engine.log_path(&name, channel).await;
            logtail::answer(path, logtail::Kind::Process, parts.uri.query(), parts.version, server.idle()).await
        }
        Route::MainLogTail => {
            let path = context.engine.main_log_path().await;
            logtail::answer(path, logtail::Kind::Main, parts.uri.query(), parts.version, server.idle()).await
        }
        Route::Page(Page::Ok) => web::ok(),
        Route::Page(page) => {
            let reply = web::page(page, parts.uri.query(), &body, is_foreign(&parts, server), server).await;
            reply.unwrap_or_else(|| Reply::error(StatusCode::SERVICE_UNAVAILABLE))
        }
        Route::Static(path) => web::file(&parts.method, &path, &parts.headers, context.started),
    }
}

/// What the route needs of the body; the rest is dropped, so that it does not
/// become the next request (B2.4.8).
async fn read(parts: &Parts, body: Incoming, route: &Route, server: &Server, life: &Life) -> Result<Bytes, Reply> {
    let limits = &server.context().limits;
    let takes_body = matches!(route, Route::Rpc | Route::Page(_));
    let read = if body::is_coded(&parts.headers) {
        Err(BodyError::Coded)
    } else if takes_body && parts.method == Method::POST && !body::has_length(&parts.headers) {
        Err(BodyError::NoLength)
    } else {
        let most = if *route == Route::Rpc { limits.body_bytes } else { FORM_BYTES.min(limits.body_bytes) };
        body::read(body, most, limits, life, server.large_bodies()).await
    };
    read.map_err(|error| Reply::error(error.status()).closing())
}
