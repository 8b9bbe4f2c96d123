//! Several calls at once, each on a connection of its own, since a connection's
//! answers come in the order of its calls. The answers are given in the order of
//! the calls, however they come.

use super::Transport;
use super::answer;
use super::proxy::Answer;
use super::transport::Posted;
use crate::xmlrpc::{self, Value};
use std::collections::VecDeque;

/// Calls under way at a time; a daemon has room for so many connections several
/// times over.
const MOST: usize = 64;

/// A method of the `supervisor` namespace and the one text it is called with.
pub type NamedCall = (&'static str, String);

/// Calls that are under way, and those that wait for their turn.
#[derive(Debug)]
pub struct AtOnce {
    transport: Transport,
    waiting: VecDeque<NamedCall>,
    posted: VecDeque<Answer<Posted>>,
}

impl AtOnce {
    /// Makes the first of `calls`; over connections like that of `transport`.
    #[must_use]
    pub fn begin(transport: Transport, calls: Vec<NamedCall>) -> Self {
        let mut all = Self { transport, waiting: calls.into(), posted: VecDeque::new() };
        all.post();
        all
    }

    /// The answer to the next call, once it has come; `None` after the last.
    pub fn next_answer(&mut self) -> Option<Answer<Value>> {
        let posted = self.posted.pop_front()?;
        let body = posted.and_then(|posted| self.transport.receive(posted));
        let answer = body.and_then(|body| answer::value(&body));
        self.post();
        Some(answer)
    }

    fn post(&mut self) {
        while self.posted.len() < MOST
            && let Some((method, name)) = self.waiting.pop_front()
        {
            let body = xmlrpc::encode_call(&format!("supervisor.{method}"), &[Value::Text(name)]);
            self.posted.push_back(self.transport.post_alone(&body));
        }
    }
}
