//! All logs that are written: which have something to do, where their calls may
//! be made, and who waits for their being cleared. Makes no call itself.
//!
//! Long because whatever happens to a log from its begin to its end is asked here.

mod clearings;

use super::hands::{NewLog, Report};
use super::lanes::{Lanes, Place};
use super::{Answer, ChannelId};
use crate::logs::backlog::{Budget, MAX_KEPT};
use crate::logs::file::LogFile;
use crate::logs::job::{Done, Job};
use crate::logs::{Counts, Sink};
use crate::model::{LogLine, Now};
use clearings::Clearings;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

/// The activity log's place among the sinks.
pub(super) const MAIN: u64 = 1;
/// Sinks of dead children that are kept until what waits is written; then the
/// oldest is given up.
const LINGERING: usize = 64;
/// Channels without a sink whose counters are kept.
const REMEMBERED: usize = 10_000;

#[derive(Default)]
pub(super) struct Sinks {
    all: HashMap<u64, Sink>,
    /// Those that are not at rest, as far as is known.
    busy: BTreeSet<u64>,
    /// Those whose child is gone, oldest first.
    lingering: Vec<u64>,
    /// How many streams each is written from: that of a child, and those of its
    /// earlier lives which are not read to their ends.
    streams: HashMap<u64, usize>,
    last_called: u64,
    /// Files on their way.
    openings: HashMap<u64, Receiver<io::Result<LogFile>>>,
    /// Whose bytes a sink takes; nobody's are the daemon's own.
    owners: HashMap<u64, ChannelId>,
    /// The counters of sinks that are closed.
    past: BTreeMap<Option<ChannelId>, Counts>,
    pub(super) lanes: Lanes,
    clearings: Clearings,
    /// What logs had to say about themselves; for the activity log.
    pub(super) reports: Vec<LogLine>,
    /// To be closed.
    pub(super) closing: Vec<LogFile>,
    budget: Budget,
}

/// Where the calls of a sink go.
fn place_of(sink: &Sink) -> Place {
    match sink.device() {
        Some(device) => Place::Device(device),
        None => Place::Folder(sink.path().parent().unwrap_or(sink.path()).to_owned()),
    }
}

/// Where `file` is closed.
pub(super) fn closes_at(file: &LogFile) -> Place {
    Place::Device(file.device())
}

/// A call that should be made now.
pub(super) enum Call {
    /// Here: nothing speaks against it.
    Direct(u64, Place, Job),
    /// On another thread, since it may hold up others.
    Aside(u64, Place, Job),
}

impl Sinks {
    /// None yet; what waits for them has room in `budget`.
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, ..Self::default() }
    }

    /// The activity log's.
    pub(super) fn insert_main(&mut self, sink: Sink) {
        self.all.insert(MAIN, sink);
    }

    /// The sink for the log of a new child: a new one called `token`, or that of
    /// an earlier child which still has bytes for the same file. So an outage of a
    /// log is one, however often its program comes back.
    pub(super) fn begin(&mut self, token: u64, owner: ChannelId, log: NewLog, now: Now) -> u64 {
        let (path, limits) = match &log {
            NewLog::Open(file) => (file.path().to_owned(), file.limits()),
            NewLog::Opening(path, limits, _) | NewLog::Unopened(path, limits) => (path.clone(), *limits),
        };
        if let Some(old) = self.revive(&path) {
            let file = if let NewLog::Open(file) = log { Some(file) } else { None };
            if let Some(sink) = self.all.get_mut(&old) {
                self.closing.extend(sink.renew(file, limits, now));
                // what waits counts for who goes on
                if let Some(former) = self.owners.insert(old, owner).filter(|former| *former != owner) {
                    self.past.entry(Some(former)).or_default().add(sink.health().take_counts());
                }
            }
            self.forget();
            self.busy.insert(old);
            *self.streams.entry(old).or_default() += 1;
            return old;
        }
        let sink = match log {
            NewLog::Open(file) => Sink::of(file),
            NewLog::Unopened(..) => Sink::unopened(path, limits),
            NewLog::Opening(_, _, file) => {
                self.openings.insert(token, file);
                Sink::opening(path, limits, now)
            }
        };
        self.all.insert(token, sink.keeping(MAX_KEPT, self.budget.clone()));
        self.owners.insert(token, owner);
        self.streams.insert(token, 1);
        self.busy.insert(token);
        token
    }

    pub(super) fn get(&self, token: u64) -> Option<&Sink> {
        self.all.get(&token)
    }

    /// Whether who writes to the log should wait.
    pub(super) fn must_wait(&self, token: u64) -> bool {
        let Some(sink) = self.get(token) else { return false };
        sink.must_wait() && (!sink.is_at_rest() || self.lanes.is_suspect(&place_of(sink)))
    }

    /// Whether that wait is for nothing but room that other logs hold. Those of
    /// other loops give it back without a word.
    pub(super) fn waits_for_others(&self, token: u64) -> bool {
        self.must_wait(token) && self.get(token).is_some_and(Sink::is_idle)
    }

    /// The lingering sink of the log at `path`, which lingers no more.
    fn revive(&mut self, path: &std::path::Path) -> Option<u64> {
        let at = self.lingering.iter().position(|token| self.all.get(token).is_some_and(|sink| sink.path() == path))?;
        Some(self.lingering.remove(at))
    }

    /// Keeps bytes for the next call.
    pub(super) fn push(&mut self, token: u64, bytes: &[u8], now: Now) {
        if let Some(sink) = self.all.get_mut(&token) {
            sink.push(bytes, now);
            self.busy.insert(token);
        }
    }

    /// The same for a line that should not be dropped for less grave ones.
    pub(super) fn push_grave(&mut self, token: u64, line: &[u8], now: Now) {
        if let Some(sink) = self.all.get_mut(&token) {
            sink.push_grave(line, now);
            self.busy.insert(token);
        }
    }

    /// The file for `bytes` that can be written at once.
    pub(super) fn through(&mut self, token: u64, bytes: &[u8], now: Now) -> Option<(Place, Job)> {
        let sink = self.all.get_mut(&token)?;
        let place = Place::Device(sink.device()?);
        if self.lanes.is_suspect(&place) {
            return None;
        }
        Some((place, sink.take_through(bytes, now)?))
    }

    /// The next call of `token`, if it wants one and may.
    pub(super) fn call(&mut self, token: u64, watched: bool, now: Now) -> Option<Call> {
        let sink = self.all.get_mut(&token)?;
        sink.look(now);
        self.reports.extend(sink.health().take_reports());
        if !sink.is_ready(now) {
            self.rest(token);
            return None;
        }
        let place = place_of(sink);
        let aside = !watched || matches!(place, Place::Folder(_)) || self.lanes.is_suspect(&place);
        if aside && !self.lanes.is_free(&place) {
            sink.stall(self.lanes.busy_since(&place), now);
            self.reports.extend(sink.health().take_reports());
            return None;
        }
        if aside && self.lanes.may_close(&place) && self.closing.iter().any(|file| closes_at(file) == place) {
            return None;
        }
        let job = sink.take_job(now)?;
        self.last_called = token;
        Some(if aside {
            self.lanes.begin(place.clone(), now.mono);
            Call::Aside(token, place, job)
        } else {
            Call::Direct(token, place, job)
        })
    }

    /// The tokens of those that may want a call.
    pub(super) fn busy(&self) -> Vec<u64> {
        // who was called last comes last, so that all have their turn on a slow disk
        let (first, last) = (self.busy.range(self.last_called + 1..), self.busy.range(..=self.last_called));
        first.chain(last).copied().collect()
    }

    /// Takes the outcome of a direct call.
    pub(super) fn done(&mut self, token: u64, done: Done, now: Now) {
        let Some(sink) = self.all.get_mut(&token) else { return };
        let cleared = sink.put_back(done, now);
        if let Some(outcome) = cleared {
            self.clearings.cleared(token, &outcome);
        }
        self.rest(token);
    }

    /// Takes the outcome of a call that was made elsewhere.
    pub(super) fn reported(&mut self, report: Report, now: Now) {
        self.lanes.end(&report.place, report.took, now.mono);
        if let Some((sink, done)) = report.done {
            self.done(sink, done, now);
        }
    }

    /// Takes files that were on their way.
    pub(super) fn take_opened(&mut self, now: Now) {
        let mut arrived = vec![];
        self.openings.retain(|token, file| match file.try_recv() {
            Ok(opened) => {
                arrived.push((*token, opened));
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Disconnected) => {
                arrived.push((*token, Err(io::ErrorKind::Interrupted.into())));
                false
            }
        });
        for (token, opened) in arrived {
            self.done(token, Done::opened(opened), now);
        }
    }

    /// The child of the sink is gone; what it wrote last is still to be read.
    pub(super) fn mourn(&mut self, token: u64) {
        if self.all.contains_key(&token) && !self.lingering.contains(&token) {
            self.lingering.push(token);
        }
    }

    /// A stream of the sink is read to its end. It goes as soon as all are, the
    /// child is gone, and all is written.
    pub(super) fn let_go(&mut self, token: u64) {
        if let Some(left) = self.streams.get_mut(&token) {
            *left = left.saturating_sub(1);
        }
        self.rest(token);
    }

    /// Closes those that nobody needs any more.
    pub(super) fn sweep(&mut self, now: Now) {
        let Self { all, streams, lingering, .. } = self;
        let unread = |token: &u64| streams.get(token).is_some_and(|left| *left > 0);
        let idle = |token: &u64| all.get(token).is_none_or(|sink| sink.is_idle() && sink.waiting() == 0);
        let mut gone: Vec<u64> = lingering.extract_if(.., |token| !unread(token) && idle(token)).collect();
        let read: Vec<u64> = lingering.iter().filter(|token| !unread(token)).copied().collect();
        let surplus = read.len().saturating_sub(LINGERING);
        gone.extend(read.into_iter().take(surplus));
        lingering.retain(|token| !gone.contains(token));
        for token in gone {
            self.close(token, now);
        }
    }

    /// Gives up whatever the sink still has.
    pub(super) fn close(&mut self, token: u64, now: Now) {
        self.busy.remove(&token);
        self.streams.remove(&token);
        self.openings.remove(&token);
        let Some(sink) = self.all.remove(&token) else { return };
        let (lines, counts, file) = sink.close(now);
        self.reports.extend(lines);
        self.closing.extend(file);
        self.past.entry(self.owners.remove(&token)).or_default().add(counts);
        self.forget();
        self.clearings.cleared(token, &Ok(()));
    }

    /// Keeps only so many counters.
    fn forget(&mut self) {
        while self.past.len() > REMEMBERED {
            self.past.pop_first();
        }
    }

    /// After a panic: what waited is given up, and the file will be opened again.
    /// Gives its name.
    pub(super) fn begin_anew(&mut self, token: u64, now: Now) -> Option<PathBuf> {
        let sink = self.all.get_mut(&token)?;
        let fresh = sink.anew().keeping(MAX_KEPT, self.budget.clone());
        let path = sink.path().to_owned();
        let (lines, counts, file) = std::mem::replace(sink, fresh).close(now);
        self.openings.remove(&token);
        self.reports.extend(lines);
        self.closing.extend(file);
        self.past.entry(self.owners.get(&token).copied()).or_default().add(counts);
        self.clearings.cleared(token, &Err(io::ErrorKind::Interrupted.into()));
        self.rest(token);
        Some(path)
    }

    /// Empties logs; the answer comes when all are (B1.10.16).
    pub(super) fn clear(&mut self, tokens: BTreeSet<u64>, answer: Answer, now: Now) {
        for token in &tokens {
            if let Some(sink) = self.all.get_mut(token) {
                sink.want_clear();
                self.busy.insert(*token);
            }
        }
        self.clearings.begin(tokens, answer, now.mono);
    }

    /// Answers those whose logs are empty, or have been waited for too long.
    pub(super) fn answer_clearings(&mut self, now: Now) {
        for token in self.clearings.answer(now.mono) {
            if let Some(sink) = self.all.get_mut(&token) {
                sink.forget_clear();
            }
        }
    }

    /// All logs are to be opened anew (A5.10).
    pub(super) fn reopen_all(&mut self) {
        for (token, sink) in &mut self.all {
            sink.want_reopen();
            self.busy.insert(*token);
        }
    }

    /// What became of the bytes of each channel so far; of the activity log's
    /// under `None`.
    pub(super) fn counts(&self) -> BTreeMap<Option<ChannelId>, Counts> {
        let mut counts = self.past.clone();
        for (token, sink) in &self.all {
            counts.entry(self.owners.get(token).copied()).or_default().add(sink.counts());
        }
        counts
    }

    /// When something is due though nothing happens.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let sinks = self.busy.iter().filter_map(|token| {
            let sink = self.all.get(token)?;
            // who waits for its turn on a suspect place is woken by a report
            let waits = !sink.is_out() && !self.lanes.is_free(&place_of(sink));
            if waits { sink.stall_deadline() } else { sink.deadline() }
        });
        // the others are woken by a report, too
        let may_close = |file: &LogFile| self.lanes.is_free(&closes_at(file));
        let close = self.closing.iter().any(may_close).then_some(Duration::ZERO);
        sinks.chain(self.clearings.limit()).chain(close).min()
    }

    /// Whether one of `tokens` is still to be waited for: it has something to
    /// write, and is not in an outage.
    pub(super) fn is_writing(&self, tokens: &[u64]) -> bool {
        tokens.iter().filter_map(|token| self.all.get(token)).any(|sink| !sink.is_idle() && !sink.is_outage())
    }

    /// Whether anything waits anywhere, and whether some of that may be written
    /// soon.
    pub(super) fn standing(&self) -> (bool, bool) {
        let mut busy = self.all.values().filter(|sink| !sink.is_idle()).peekable();
        (busy.peek().is_some(), busy.any(|sink| !sink.is_outage()))
    }

    /// In how many logs how many bytes wait, or are out with a call.
    pub(super) fn unwritten(&self) -> (usize, usize) {
        let waiting = self.all.values().filter(|sink| !sink.is_idle());
        waiting.fold((0, 0), |(logs, bytes), sink| (logs + 1, bytes + sink.waiting() + sink.in_job()))
    }

    /// Everything that failed is tried once more at once.
    pub(super) fn hurry(&mut self, now: Now) {
        for sink in self.all.values_mut() {
            sink.health().hurry(now);
        }
    }

    /// All that there are.
    pub(super) fn tokens(&self) -> Vec<u64> {
        self.all.keys().copied().collect()
    }

    fn rest(&mut self, token: u64) {
        let Some(sink) = self.all.get_mut(&token) else { return };
        self.reports.extend(sink.health().take_reports());
        if !sink.is_settled() || sink.deadline().is_some() {
            self.busy.insert(token);
        } else if !self.busy.is_empty() {
            self.busy.remove(&token);
        }
    }
}

#[cfg(test)]
mod sim;
#[cfg(test)]
mod tests;
