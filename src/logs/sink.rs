//! One log with all that keeps it alive: the open file, the bytes that wait for
//! it, how it fares, and what is still to be done to it.
//!
//! Nothing here touches the disk but [`Sink::work`]. A [`Job`] takes
//! the file out of its sink, so it may run wherever it can do no harm, for as
//! long as it takes; meanwhile the sink keeps what comes for it. There is one
//! job of a sink at a time, so bytes stay in order.
//!
//! Long because the states of a log and what may be asked of it are one machine.

use super::backlog::{Backlog, Budget, CHUNK, MAX_KEPT};
use super::file::{Failure, Limits, LogFile};
use super::job::{Done, Job};
use super::outage::{Counts, Health, PATIENCE, Trouble};
use crate::model::{LogLine, Now};
use crate::sys::errno::os_error_text;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes that one job writes; then others have their turn.
const JOB: usize = 1 << 20;
/// So long the end of an outage is not told if the rest of a line that it cut does
/// not come.
const REST_OF_LINE: Duration = Duration::from_secs(1);
/// Between two looks at a reader that is slow.
pub const SLOW_LOOK: Duration = Duration::from_millis(20);

/// A log and what waits for it.
#[derive(Debug)]
pub struct Sink {
    path: PathBuf,
    limits: Limits,
    slot: Slot,
    backlog: Backlog,
    health: Health,
    /// What is pushed is a line each, and rotation may come after each.
    lines: bool,
    /// To be opened anew when so many bytes more are written.
    reopen: Option<usize>,
    /// To be emptied when so many bytes more are written.
    clear: Option<usize>,
    /// It could not be opened anew, and is written where it was.
    unopened: bool,
    /// Since when the reader of what is no file takes nothing.
    slow_since: Option<Duration>,
    next_look: Duration,
    /// Since when a job waits for others on the same disk.
    stalled_since: Option<Duration>,
    /// Bytes that the job has with it which is out.
    in_job: usize,
}

#[derive(Debug)]
enum Slot {
    Here(LogFile),
    /// With a job, which began then.
    Out(Duration),
    /// Not open.
    Missing,
}

impl Sink {
    /// A sink for a log that is open already.
    #[must_use]
    pub fn of(file: LogFile) -> Self {
        Self::with(file.path().to_owned(), file.limits(), Slot::Here(file))
    }

    /// One whose file will be opened by its first job, which it wants at once.
    #[must_use]
    pub fn unopened(path: PathBuf, limits: Limits) -> Self {
        Self { reopen: Some(0), ..Self::with(path, limits, Slot::Missing) }
    }

    /// One whose file is being opened elsewhere; see [`Done::opened`].
    #[must_use]
    pub fn opening(path: PathBuf, limits: Limits, now: Now) -> Self {
        Self::with(path, limits, Slot::Out(now.mono))
    }

    fn with(path: PathBuf, limits: Limits, slot: Slot) -> Self {
        Self {
            path,
            limits,
            slot,
            backlog: Backlog::new(MAX_KEPT, Budget::default()),
            health: Health::default(),
            lines: false,
            reopen: None,
            clear: None,
            unopened: false,
            slow_since: None,
            next_look: Duration::ZERO,
            stalled_since: None,
            in_job: 0,
        }
    }

    /// The same log as at its beginning: not open, and nothing waits for it.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { lines: self.lines, ..Self::unopened(self.path.clone(), self.limits) }
    }

    /// Keeps at most `max` bytes, and what `budget` allows.
    #[must_use]
    pub fn keeping(mut self, max: usize, budget: Budget) -> Self {
        self.backlog = Backlog::new(max, budget);
        self
    }

    /// Each push is a line; the log may be rotated after each of them.
    #[must_use]
    pub fn of_lines(mut self) -> Self {
        self.lines = true;
        self
    }

    /// Its name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file system of the open file; `None` while none is here.
    #[must_use]
    pub fn device(&self) -> Option<u64> {
        match &self.slot {
            Slot::Here(file) => Some(file.device()),
            Slot::Out(_) | Slot::Missing => None,
        }
    }

    /// How it fares.
    pub fn health(&mut self) -> &mut Health {
        &mut self.health
    }

    /// Its counters.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { waiting: (self.waiting() + self.in_job) as u64, ..self.health.counts() }
    }

    /// Whether bytes cannot be written, so that the surplus is dropped.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        self.health.is_outage()
    }

    /// Whether all is written and done.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.backlog.is_empty() && !self.is_out() && self.reopen.is_none() && self.clear.is_none()
    }

    /// Whether a job has the file.
    #[must_use]
    pub fn is_out(&self) -> bool {
        matches!(self.slot, Slot::Out(_))
    }

    /// Whether who writes should wait: the log is slow and what is kept for it
    /// is full. In an outage nobody waits.
    #[must_use]
    pub fn must_wait(&self) -> bool {
        !self.health.is_outage() && !self.backlog.has_room()
    }

    /// Whether nobody has to wait for the room that logs share, since one read will
    /// be written at once.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.is_idle() && self.device().is_some() && self.backlog.has_spare_room()
    }

    /// Bytes that a job has with it: nobody knows whether they are written.
    #[must_use]
    pub fn in_job(&self) -> usize {
        self.in_job
    }

    /// Bytes that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.backlog.len()
    }

    /// Keeps bytes for the next job.
    pub fn push(&mut self, bytes: &[u8], now: Now) {
        let outage = self.health.is_outage();
        let in_gap = !outage && self.backlog.has_gap();
        let cut = if in_gap { self.backlog.skip(bytes) } else { 0 };
        if in_gap {
            self.health.kept(0, 0, cut);
            self.close_gap();
        }
        let before = self.backlog.len();
        let mut dropped = 0;
        let bytes = bytes.get(cut..).unwrap_or_default();
        // a line stays whole, however long it is
        for part in bytes.chunks(if self.lines { usize::MAX } else { CHUNK }) {
            let apart = self.lines || self.is_at_order();
            dropped += if outage { self.backlog.push(part, apart) } else { self.backlog.push_granted(part, apart) };
        }
        // a line may be dropped from its beginning, before an order
        let len = self.backlog.len();
        self.marks().for_each(|mark| *mark = len.min(*mark));
        if dropped > 0 && !outage {
            self.fail_with(before, Trouble::Hanging, "more comes than it takes", now);
        }
        self.health.kept(before, self.backlog.len(), dropped);
    }

    /// Asks for the file to be opened by its name again (A5.10), behind what
    /// waits; at once when that cannot be written.
    pub fn want_reopen(&mut self) {
        self.reopen = Some(self.backlog.len());
    }

    /// Asks for an empty log (B1.10.16), in order with what waits; in an outage
    /// at once, and what waits is given up with the rest. An activity log must be
    /// there (B1.10.15).
    pub fn want_clear(&mut self) {
        self.clear = Some(self.backlog.len());
    }

    /// Nobody waits for that any more: an order that is not begun is not carried out.
    pub fn forget_clear(&mut self) {
        self.clear = None;
        if self.is_idle() {
            self.stalled_since = None;
        }
    }

    /// A new program goes on with the log: `file` is what was opened for it.
    /// Gives the file that is not needed.
    #[must_use]
    pub fn renew(&mut self, file: Option<LogFile>, limits: Limits, now: Now) -> Option<LogFile> {
        self.limits = limits;
        if let Slot::Here(file) = &mut self.slot {
            file.set_limits(limits);
        }
        let file = file?;
        if self.is_out() {
            return Some(file);
        }
        self.health.hurry(now);
        match std::mem::replace(&mut self.slot, Slot::Here(file)) {
            Slot::Here(old) => Some(old),
            Slot::Out(_) | Slot::Missing => None,
        }
    }

    /// The same for a whole line that should not be dropped for less grave ones.
    pub fn push_grave(&mut self, line: &[u8], now: Now) {
        let before = self.backlog.len();
        if self.health.is_outage() && self.backlog.push_beyond(line) {
            self.health.kept(before, self.backlog.len(), 0);
        } else {
            self.push(line, now);
        }
    }

    /// The file, for `bytes` that need not be kept at all: nothing waits,
    /// nothing is wrong. To be put back.
    pub fn take_through(&mut self, bytes: &[u8], now: Now) -> Option<Job> {
        let at_rest = self.is_idle() && self.health.is_well() && !self.backlog.has_gap();
        if !at_rest || !matches!(self.slot, Slot::Here(_)) {
            return None;
        }
        let job = self.job(VecDeque::new(), now);
        self.in_job = bytes.len();
        self.backlog.passed(bytes);
        Some(job)
    }

    /// The next job, if there is something to do and it is time to.
    pub fn take_job(&mut self, now: Now) -> Option<Job> {
        if !self.is_ready(now) {
            return None;
        }
        let outage = self.health.is_outage();
        if let Some(mark) = self.clear {
            if mark > 0 && !outage {
                return Some(self.job_before(mark, now));
            }
            self.clear = None;
            // what nobody wants any more was not kept
            let given_up = self.take(mark, mark).iter().map(Vec::len).sum();
            self.health.kept(given_up, 0, given_up);
            let mut job = self.job(VecDeque::new(), now);
            job.clear = true;
            return Some(job);
        }
        if let Some(mark) = self.reopen {
            if mark > 0 && !outage {
                return Some(self.job_before(mark, now));
            }
            self.reopen = None;
            let chunks = self.take(JOB, usize::MAX);
            let mut job = self.job(chunks, now);
            (job.open, job.may_rotate) = (true, true);
            return Some(job);
        }
        let chunks = self.take(JOB, usize::MAX);
        let by_reader = self.slow_since.is_some();
        let open = matches!(self.slot, Slot::Missing) || self.health.is_due(now) && !by_reader;
        let mut job = self.job(chunks, now);
        job.open = open;
        Some(job)
    }

    /// Takes the outcome of a job, and tells that of a clearing if it was one.
    pub fn put_back(&mut self, done: Done, now: Now) -> Option<io::Result<()>> {
        self.slot = match done.file {
            Some(mut file) => {
                file.set_limits(self.limits);
                Slot::Here(file)
            }
            None => Slot::Missing,
        };
        self.health.wrote(done.count);
        self.unopened = done.opened.map_or(self.unopened, |opened| !opened);
        let rest: usize = done.rest.iter().map(Vec::len).sum();
        // what a panic took with it
        let lost = std::mem::take(&mut self.in_job).saturating_sub(done.count + rest);
        self.backlog.put_back(done.rest);
        self.marks().for_each(|mark| *mark += rest);
        if !matches!(done.failure, Some(Failure::Slow)) {
            self.slow_since = None;
        }
        match done.failure {
            None if done.tried || self.health.is_outage() => self.recover(now),
            None => {}
            Some(Failure::Write(error)) => self.fail(Trouble::Writing, &os_error_text(&error), now),
            Some(Failure::Move(error)) => {
                if self.health.is_outage() {
                    self.recover(now);
                }
                self.fail(Trouble::Moving, &os_error_text(&error), now);
            }
            Some(Failure::Slow | Failure::Crowded) => self.is_slow(done.count > 0, now),
        }
        self.health.kept(0, 0, lost);
        done.cleared
    }

    /// Notices a job that does not come back, and a line that does not end.
    pub fn look(&mut self, now: Now) {
        if self.over_deadline().is_some_and(|at| at <= now.mono) {
            self.backlog.forget_gap();
            self.close_gap();
        }
        if let Slot::Out(since) = self.slot
            && now.mono >= since + PATIENCE
            && !self.health.is_outage()
        {
            let why = format!("a call has not come back for {} seconds", PATIENCE.as_secs());
            self.fail(Trouble::Hanging, &why, now);
            self.health.began(since, now);
        }
    }

    /// A job could be taken, but a call of another log to the same disk is out since
    /// `began`. While such calls come back the log only waits for its turn.
    pub fn stall(&mut self, began: Duration, now: Now) {
        if self.is_idle() {
            // nothing waits but another try to open it
            return;
        }
        let since = self.stalled_since.map_or(now.mono, |since| since.max(began));
        self.stalled_since = Some(since);
        if now.mono >= since + PATIENCE && !self.health.is_outage() {
            let why = format!("calls to its disk have not come back for {} seconds", PATIENCE.as_secs());
            self.fail(Trouble::Hanging, &why, now);
            self.health.began(since, now);
        }
    }

    /// When [`stall`](Self::stall) has something to tell.
    #[must_use]
    pub fn stall_deadline(&self) -> Option<Duration> {
        self.stalled_since.filter(|_| !self.health.is_outage()).map(|since| since + PATIENCE)
    }

    /// When [`look`](Self::look) or [`take_job`](Self::take_job) has something to
    /// do, as far as is known; zero is at once.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.job_deadline().into_iter().chain(self.over_deadline()).min()
    }

    /// The same for a job, or for one that is out.
    fn job_deadline(&self) -> Option<Duration> {
        match self.slot {
            Slot::Out(since) => (!self.health.is_outage()).then_some(since + PATIENCE),
            _ if self.is_slowly_read() => Some(self.next_look),
            _ if self.clear.is_some() || self.reopen.is_some() => Some(Duration::ZERO),
            _ if self.health.is_outage() => self.health.next_try(),
            // a move is tried again when there is something to write
            _ if self.backlog.is_empty() => self.health.next_try().filter(|_| self.unopened),
            _ => Some(Duration::ZERO),
        }
    }

    /// Whether its reader, which is slow, has to take what waits before all else.
    fn is_slowly_read(&self) -> bool {
        self.slow_since.is_some() && !self.health.is_outage() && !self.backlog.is_empty()
    }

    /// When the end of an outage is told though the line that it cut goes on.
    fn over_deadline(&self) -> Option<Duration> {
        self.health.over_since().map(|end| end + REST_OF_LINE)
    }

    /// Whether nothing at all is to be done, even if it is only said.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_idle() && !self.is_outage() && self.health.over_since().is_none()
    }

    /// Does on this thread all that can be done now.
    pub fn work(&mut self, now: Now) {
        while let Some(job) = self.take_job(now) {
            let done = job.run();
            drop(self.put_back(done, now));
        }
    }

    /// Ends the log: says what is lost with it, and gives the file, which may
    /// block when it is closed.
    #[must_use]
    pub fn close(mut self, now: Now) -> (Vec<LogLine>, Counts, Option<LogFile>) {
        self.health.give_up(&self.path, self.backlog.len(), self.in_job, now);
        let file = match self.slot {
            Slot::Here(file) => Some(file),
            Slot::Out(_) | Slot::Missing => None,
        };
        (self.health.take_reports(), self.health.counts(), file)
    }

    /// Whether [`take_job`](Self::take_job) would give one.
    #[must_use]
    pub fn is_ready(&self, now: Now) -> bool {
        !self.is_out() && self.job_deadline().is_some_and(|at| at <= now.mono)
    }

    fn is_slow(&mut self, progress: bool, now: Now) {
        if progress {
            self.recover(now);
            self.slow_since = None;
        }
        let since = *self.slow_since.get_or_insert(now.mono);
        self.next_look = now.mono + SLOW_LOOK;
        if self.is_outage() || now.mono >= since + PATIENCE {
            self.fail(Trouble::Hanging, "its reader does not read", now);
            self.health.began(since, now);
        }
    }

    fn fail(&mut self, trouble: Trouble, why: &str, now: Now) {
        self.fail_with(self.backlog.len(), trouble, why, now);
    }

    /// The same when only so many bytes waited.
    fn fail_with(&mut self, waiting: usize, trouble: Trouble, why: &str, now: Now) {
        self.health.fail(trouble, why, &self.path, waiting, self.backlog.max(), now);
        self.close_gap();
    }

    fn recover(&mut self, now: Now) {
        self.health.recover(&self.path, now);
        self.close_gap();
    }

    /// Drops nothing more unless in an outage, but the rest of a line that is cut
    /// already. Behind that an outage that is over is told.
    fn close_gap(&mut self) {
        if self.health.is_outage() {
            return;
        }
        self.backlog.close_gap();
        if !self.backlog.has_gap() {
            self.health.tell_over(&self.path);
        }
    }

    /// Whether the next bytes belong behind an order.
    fn is_at_order(&self) -> bool {
        let len = self.backlog.len();
        [self.clear, self.reopen].into_iter().flatten().any(|mark| mark >= len)
    }

    /// Where in what waits the orders stand.
    fn marks(&mut self) -> impl Iterator<Item = &mut usize> {
        [&mut self.clear, &mut self.reopen].into_iter().flatten()
    }

    fn job_before(&mut self, mark: usize, now: Now) -> Job {
        let chunks = self.take(JOB, mark);
        self.job(chunks, now)
    }

    fn job(&mut self, chunks: VecDeque<Vec<u8>>, now: Now) -> Job {
        self.stalled_since = None;
        self.in_job = chunks.iter().map(Vec::len).sum();
        let file = match std::mem::replace(&mut self.slot, Slot::Out(now.mono)) {
            Slot::Here(file) => Some(file),
            Slot::Out(_) | Slot::Missing => None,
        };
        Job {
            path: self.path.clone(),
            limits: self.limits,
            open: file.is_none(),
            file,
            chunks,
            clear: false,
            must_exist: self.lines,
            outage: self.health.is_outage(),
            may_rotate: self.health.is_well() || self.health.is_due(now),
        }
    }

    /// Takes about `most` bytes, never more than `bound`, where an order stands.
    fn take(&mut self, most: usize, bound: usize) -> VecDeque<Vec<u8>> {
        if bound == 0 {
            return VecDeque::new();
        }
        let before = self.backlog.len();
        let chunks = self.backlog.take(most.min(bound));
        let count = before - self.backlog.len();
        self.marks().for_each(|mark| *mark = mark.saturating_sub(count));
        chunks
    }
}

#[cfg(test)]
mod tests;
