//! `POST /RPC2`: from bytes to bytes, the engine asked in between (B2.1, B2.2).

use super::connection::Server;
use super::large::LargeAnswers;
use super::reply::Reply;
use super::{Context, room};
use crate::model::{Level, py_repr};
use crate::rpc::{
    Dispatch, Fault, FaultCode, Infos, Reply as Answer, Request, Step, dispatch, multicall_step, render, size_hint,
};
use crate::xmlrpc::{Call, Encoder, Value, decode_call, encode_fault, encode_response};
use hyper::StatusCode;
use hyper::body::Bytes;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::SemaphorePermit;
use tokio::time::sleep;

/// Of a body that is no call, the log shows no more characters.
const MOST_SHOWN: usize = 1000;

/// A call of so many bytes takes milliseconds to read, for which the loop does
/// not wait.
const LARGE_CALL: usize = 512 << 10;

/// The same for an answer that is written.
const LARGE_ANSWER: usize = 1 << 20;

/// The same for one that is written once for many.
const LARGE_SHARED: usize = 4 << 20;

/// What a panic there costs, as the log tells it.
const WRITING: &str = "the writing of an answer";

/// A multicall whose results have so many bytes makes no more of its calls.
const MOST_RESULTS: usize = 64 << 20;

/// Answers the call in `body`: 400 when it is none, else 200 with a value or a fault.
pub(super) async fn answer(body: Bytes, server: &Server) -> Reply {
    let context = server.context();
    let Call { method, params } = match decode(body, context).await {
        Ok(call) => call,
        Err(text) => {
            context.engine.log(Level::Error, text);
            return Reply::error(StatusCode::BAD_REQUEST);
        }
    };
    trace(context, || format!("XML-RPC method called: {method}()"));
    let mut work = Work::of(server);
    let answer = work.perform(&method, params).await;
    trace(context, || match &answer {
        Ok(_) => format!("XML-RPC method {method}() returned successfully"),
        Err(fault) => {
            format!("XML-RPC method {method}() returned fault: [{}] {}", fault.code.code(), fault.text())
        }
    });
    let refusal = |fault: Fault| Bytes::from(encode_fault(&fault.to_wire()));
    let answer = answer.unwrap_or_else(refusal);
    let is_large = LargeAnswers::is_large(answer.len());
    let reply = |bytes| Reply::whole("text/xml", bytes);
    if !is_large {
        return reply(answer);
    }
    // still in its turn, if it has one
    let admitted = Box::pin(server.large_answers().admit(reply(answer))).await;
    admitted.unwrap_or_else(|| reply(refusal(too_many())))
}

/// The call, or what the log says about a body that is none. The bytes are gone
/// then: the call may wait long, and needs them no more.
async fn decode(body: Bytes, context: &Context) -> Result<Call, String> {
    let decode = move |body: Bytes| {
        decode_call(&body).map_err(|error| {
            let start: String = String::from_utf8_lossy(&body).chars().take(MOST_SHOWN).collect();
            format!("XML-RPC request data {} is invalid: {error}", py_repr(&start))
        })
    };
    if body.len() < LARGE_CALL {
        return decode(body);
    }
    let decoded = context.engine.aside().done("the reading of a call", move || decode(body));
    Box::pin(decoded).await.unwrap_or_else(|| Err("XML-RPC request data could not be read".to_owned()))
}

/// A call at work.
struct Work<'a> {
    server: &'a Server,
    /// Of a large one, until its response is admitted.
    turn: Option<SemaphorePermit<'a>>,
    /// A multicall has waited for one in vain.
    is_refused: bool,
}

impl<'a> Work<'a> {
    fn of(server: &'a Server) -> Self {
        Self { server, turn: None, is_refused: false }
    }

    /// The whole response to a call that is answered.
    async fn perform(&mut self, method: &str, params: Vec<Value>) -> Result<Bytes, Fault> {
        let context = self.server.context();
        match dispatch(method, params, &context.namespaces)? {
            Dispatch::System(value) => Ok(encode_response(&value).into()),
            Dispatch::Call(request) => match self.ask(request).await? {
                Answer::Infos(infos) => shared(infos, context).await,
                answer => {
                    let response = Encoder::response_in(room::take(), size_hint(&answer));
                    Ok(room::bytes(write(answer, response, context).await?.finish()))
                }
            },
            Dispatch::Multicall(calls) => Ok(Box::pin(self.multicall(calls)).await?.into()),
        }
    }

    /// What the engine answers, in a turn if that may be much.
    async fn ask(&mut self, request: Request) -> Result<Answer, Fault> {
        if !request.may_read_much() {
            return self.server.context().engine.call(request).await;
        }
        // apart, so that all others carry less about
        Box::pin(self.read_much(request)).await
    }

    async fn read_much(&mut self, request: Request) -> Result<Answer, Fault> {
        let large = self.server.large_answers();
        self.turn = Some(large.read().await.ok_or_else(too_many)?);
        let mut answer = pin!(self.server.context().engine.call(request));
        let slow_turn = async {
            sleep(self.server.context().limits.slow_read).await;
            large.read_slowly().await
        };
        tokio::select! {
            biased;
            answer = answer.as_mut() => return answer,
            Some(turn) = slow_turn => self.turn = Some(turn),
        }
        answer.await
    }

    /// All results in order, not wrapped in arrays (B1.14.6), a fault as a struct in
    /// its place (B1.14.7).
    async fn multicall(&mut self, calls: Vec<Value>) -> Result<String, Fault> {
        let context = self.server.context();
        let mut response = Encoder::response(0);
        response.begin_array();
        for call in calls {
            let result = match multicall_step(call, &context.namespaces) {
                _ if response.len() > MOST_RESULTS => Err(Fault::with(FaultCode::Failed, "too many results")),
                Ok(Step::Answer(value)) => {
                    response.value(&value);
                    continue;
                }
                Ok(Step::Call(request)) => self.step(request, response.len()).await,
                Err(fault) => Err(fault),
            };
            match result {
                Ok(answer) => response = write(answer, response, context).await?,
                Err(fault) => response.value(&fault.to_wire().to_value()),
            }
        }
        response.end_array();
        Ok(response.finish())
    }

    /// What the engine answers to one call of a multicall that has gathered so many
    /// bytes. Where these become many and there is no turn for it, that is told in the
    /// result's place: the others, and what was done for them, are not lost.
    async fn step(&mut self, request: Request, gathered: usize) -> Result<Answer, Fault> {
        if request.may_read_much() || LargeAnswers::is_large(gathered) {
            self.gather().await?;
        }
        // its answer becomes a part of the response, and its own turn is over
        let answer = Work::of(self.server).ask(request).await?;
        if LargeAnswers::is_large(gathered + size_hint(&answer)) {
            self.gather().await?;
        }
        Ok(answer)
    }

    /// Takes the turn of a multicall that gathers much; asks for it once.
    async fn gather(&mut self) -> Result<(), Fault> {
        if self.turn.is_none() && !self.is_refused {
            self.turn = self.server.large_answers().gather().await;
            self.is_refused = self.turn.is_none();
        }
        if self.is_refused { Err(too_many()) } else { Ok(()) }
    }
}

/// Those who do not read theirs leave no room.
fn too_many() -> Fault {
    Fault::with(FaultCode::Failed, "too many large answers")
}

/// A response that others may be sent too; its bytes are there once.
async fn shared(infos: Arc<Infos>, context: &Context) -> Result<Bytes, Fault> {
    struct Response(Arc<Infos>);
    impl AsRef<[u8]> for Response {
        fn as_ref(&self) -> &[u8] {
            self.0.response().as_bytes()
        }
    }
    if size_hint(&Answer::Infos(Arc::clone(&infos))) >= LARGE_SHARED {
        let infos = Arc::clone(&infos);
        let written = context.engine.aside().done(WRITING, move || infos.response().len()).await;
        written.ok_or_else(|| Fault::new(FaultCode::Failed))?;
    }
    Ok(Bytes::from_owner(Response(infos)))
}

async fn write(answer: Answer, mut response: Encoder, context: &Context) -> Result<Encoder, Fault> {
    if size_hint(&answer) < LARGE_ANSWER {
        render(&answer, &mut response);
        return Ok(response);
    }
    let written = context.engine.aside().done(WRITING, move || {
        render(&answer, &mut response);
        response
    });
    Box::pin(written).await.ok_or_else(|| Fault::new(FaultCode::Failed))
}

/// Most daemons do not trace; theirs shall not pay for making the line.
fn trace(context: &Context, line: impl FnOnce() -> String) {
    if context.engine.wants(Level::Trace) {
        context.engine.log(Level::Trace, line());
    }
}
