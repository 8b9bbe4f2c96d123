//! Living on after a panic in a turn of the loop, which is a bug: the stream or
//! log whose turn it was begins anew, the activity log tells of it, and the loop
//! goes on. Without the loop no child's output would be read any more.

use super::State;
use crate::model::{Level, py_repr};
use crate::sys::clock;
use crate::sys::panics::caught;
use std::time::Duration;

/// Who loses something when a part of a turn panics.
#[derive(Debug, Clone, Copy)]
pub(in crate::pump) enum Victim {
    /// Nobody in particular.
    Nobody,
    /// A stream.
    Stream(u64),
    /// A log.
    Sink(u64),
}

impl State {
    /// Does a part of a turn; `None` if it panicked. The pause then is for the
    /// caller to make.
    pub(in crate::pump) fn tried<T>(
        &mut self,
        victim: Victim,
        work: impl FnOnce(&mut Self) -> T,
    ) -> (Option<T>, Duration) {
        match caught(|| work(self)) {
            Ok(done) => (Some(done), Duration::ZERO),
            Err(text) => (None, self.survive(victim, &text)),
        }
    }

    /// Tells of a panic and lets its victim begin anew. Tells how long to pause:
    /// what panics again and again must not spin.
    pub(in crate::pump) fn survive(&mut self, victim: Victim, text: &str) -> Duration {
        // orders may lie there whose bell was heard
        self.more_orders = true;
        // what is half changed may well panic once more
        let loss = caught(|| match victim {
            Victim::Nobody => "one thing that was under way is lost".to_owned(),
            Victim::Stream(token) => self.renew_stream(token),
            Victim::Sink(token) => self.renew_sink(token),
        });
        let loss = loss.unwrap_or_else(|text| format!("nor could that be mended: {text}"));
        drop(caught(|| self.outlets.say(Level::Critical, format!("panic while logging: {text}; {loss}"))));
        self.brake.one_more(clock::now().mono)
    }

    fn renew_stream(&mut self, token: u64) -> String {
        let Some(source) = self.sources.get_mut(&token) else { return "its stream is gone".to_owned() };
        let what = source.what();
        if source.begin_anew() {
            return format!("a part of {what} is lost");
        }
        self.tokens.retain(|_, known| *known != token);
        for drain in &mut self.drains {
            drain.streams.retain(|(dead, _)| *dead != token);
        }
        if let Some(mut source) = self.sources.remove(&token) {
            self.watch.end(&mut source);
            if let Some(sink) = source.sink {
                self.outlets.sinks.mourn(sink);
                self.outlets.sinks.let_go(sink);
            }
        }
        format!("{what} is read no more")
    }

    fn renew_sink(&mut self, token: u64) -> String {
        match self.outlets.sinks.begin_anew(token, self.outlets.now) {
            Some(path) => format!("what waited for {} is lost", py_repr(&path.display().to_string())),
            None => "its log is gone".to_owned(),
        }
    }
}
