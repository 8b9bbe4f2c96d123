//! The yardstick: what hyper does when there is nothing to do. It reads the
//! request and answers a constant.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::{LocalSet, spawn_local};

const END: &[u8] = b"</methodResponse>\n";

/// Serves at a unix socket and a TCP port until it is killed; the third word is
/// the length of the answer.
pub(crate) fn serve(words: &[String]) {
    let [socket, port, length] = words else { panic!("socket, port, length") };
    let length: usize = length.parse().unwrap();
    let mut body = vec![b'x'; length - END.len()];
    body.extend(END);
    let body = Bytes::from(body);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let unix = UnixListener::bind(socket).unwrap();
        let tcp = TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
        loop {
            tokio::select! {
                accepted = unix.accept() => drop(spawn_local(connection(accepted.unwrap().0, body.clone()))),
                accepted = tcp.accept() => {
                    let stream = accepted.unwrap().0;
                    stream.set_nodelay(true).unwrap();
                    drop(spawn_local(connection(stream, body.clone())));
                }
            }
        }
    });
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, body: Bytes) {
    let service = service_fn(move |request| answer(request, body.clone()));
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn answer(request: Request<Incoming>, body: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    drop(request.into_body().collect().await);
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    Ok(response)
}
