//! The turns of the loop, made as it makes them, with calls that are stuck when
//! the walk says so.

use super::program::{Life, Program, line};
use super::walk::{Out, Walk, What};
use crate::logs::backlog::MAX_KEPT;
use crate::logs::job::Job;
use crate::logs::{Counts, Sink};
use crate::pump::lanes::Place;
use crate::pump::sinks::{Call, MAIN, closes_at};
use memchr::memchr;

/// Turns in a row that one moment may need.
const TURNS: usize = 100;

impl Walk {
    /// Turns until there is nothing more to do now.
    pub(super) fn turns(&mut self) -> Result<(), String> {
        for _ in 0..TURNS {
            self.turn()?;
            self.check()?;
            if self.sinks.deadline().is_none_or(|at| at > self.now.mono) {
                return Ok(());
            }
        }
        Err(format!("it spins: {:?} at {:?}", self.sinks.deadline(), self.now.mono))
    }

    /// What the loop does in a turn, in the same order.
    fn turn(&mut self) -> Result<(), String> {
        self.sinks.take_opened(self.now);
        (0..self.programs.len()).for_each(|number| self.notice(number));
        for number in 1..self.programs.len() {
            let behind = |life: &Life| self.dead.iter().any(|(_, dead)| dead.sink == life.sink);
            let Some(life) = &mut self.programs[number].live else { continue };
            if behind(life) || self.sinks.must_wait(life.sink) {
                continue;
            }
            if let Some(piece) = life.pipe.pop_front() {
                let sink = life.sink;
                self.deliver(number, sink, &piece)?;
            }
        }
        while let Some(at) = self.dead.iter().position(|(_, life)| !self.sinks.must_wait(life.sink)) {
            let (number, life) = &mut self.dead[at];
            let (number, sink, piece) = (*number, life.sink, life.pipe.pop_front());
            if let Some(piece) = piece {
                self.deliver(number, sink, &piece)?;
            } else {
                if self.dice.one_in(4) {
                    // what a filter had kept back, which has no end
                    let rest = line(&mut self.dice);
                    self.push(number, sink, rest.trim_ascii_end())?;
                }
                self.sinks.let_go(sink);
                self.dead.remove(at);
            }
        }
        self.report()?;
        for token in self.sinks.busy() {
            self.serve(token)?;
            self.report()?;
        }
        self.close();
        let waits = self.sinks.unwritten();
        self.sinks.sweep(self.now);
        if self.sinks.unwritten() != waits {
            return Err(format!("given up without need: {waits:?}, {:?}", self.sinks.all));
        }
        self.report()?;
        self.sinks.answer_clearings(self.now);
        Ok(())
    }

    /// Takes care of what was read.
    fn deliver(&mut self, number: usize, sink: u64, piece: &[u8]) -> Result<(), String> {
        let through = if self.watched { self.sinks.through(sink, piece, self.now) } else { None };
        let Some((place, job)) = through else { return self.push(number, sink, piece) };
        let account = &mut self.programs[number].account;
        account.say(piece);
        if account.line_goes_on(piece, 0).is_some() {
            return Err(format!("the rest of a line is written that was dropped, with {} bytes", piece.len()));
        }
        self.call(sink, place, job, piece.to_vec())
    }

    /// A call of the loop itself, which may be stuck in it.
    fn call(&mut self, sink: u64, place: Place, job: Job, bytes: Vec<u8>) -> Result<(), String> {
        let number = self.program_of(sink)?;
        let device = self.programs[number].device;
        if self.hung.contains(&device) || self.dice.one_in(30) {
            self.programs[number].account.in_calls += bytes.len();
            self.sinks.lanes.suspect(place.clone(), self.now.mono);
            self.calls.push(Out { place, device, since: self.now.mono, what: What::Job { sink, job, bytes } });
        } else {
            self.programs[number].account.in_calls -= job.load().0;
            self.sinks.done(sink, job.run_with(&bytes), self.now);
            self.notice(number);
        }
        Ok(())
    }

    /// Notices whether an outage has begun: what waits by then is kept.
    pub(super) fn notice(&mut self, number: usize) {
        let (Counts { outages, .. }, waiting) = (self.counts(number), self.waiting(number));
        let account = &mut self.programs[number].account;
        if outages > account.kept.len() as u64 {
            account.kept.push(Some(waiting));
        }
    }

    /// Keeps bytes, and sees to it that none is dropped without need.
    pub(super) fn push(&mut self, number: usize, sink: u64, bytes: &[u8]) -> Result<(), String> {
        let (before, waiting) = (self.counts(number), self.waiting(number));
        self.programs[number].account.say(bytes);
        self.sinks.push(sink, bytes, self.now);
        let after = self.counts(number);
        let dropped = usize::try_from(after.dropped - before.dropped).unwrap();
        let account = &mut self.programs[number].account;
        if after.outages > account.kept.len() as u64 {
            account.kept.push(Some(waiting));
        }
        if let Some(Some(kept)) = account.kept.last_mut().filter(|_| after.out_since.is_some()) {
            *kept = *kept + bytes.len() as u64 - dropped as u64;
        }
        if account.line_goes_on(bytes, dropped).is_some_and(|rest| dropped < rest) {
            return Err(format!("the rest of a line is kept that was dropped: {dropped} of {} bytes go", bytes.len()));
        }
        let room = self.budget.used() + bytes.len() <= 4 * MAX_KEPT && waiting + (bytes.len() as u64) < 1 << 20;
        if before.out_since.is_none() && room {
            let first_line = memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
            // of a line that was cut the end may be kept
            if dropped != 0 && dropped + 1 != first_line && dropped != first_line {
                return Err(format!("{dropped} of {} bytes are dropped without need", bytes.len()));
            }
        }
        Ok(())
    }

    /// Makes the calls that a log wants.
    fn serve(&mut self, token: u64) -> Result<(), String> {
        for _ in 0..TURNS {
            let number = self.program_of(token)?;
            let before = self.counts(number);
            let call = self.sinks.call(token, self.watched, self.now);
            self.notice(number);
            let Some(call) = call else { return Ok(()) };
            let (Call::Direct(_, _, job) | Call::Aside(_, _, job)) = &call;
            let (load, clears) = job.load();
            let after = self.counts(number);
            let given_up = usize::try_from(before.waiting - after.waiting).unwrap();
            let is_told = after.dropped == before.dropped + given_up as u64;
            if given_up > 0 && !(clears && before.out_since.is_some()) || !is_told {
                return Err(format!("{given_up} bytes are given up"));
            }
            self.restless.remove(&token);
            let account = &mut self.programs[number].account;
            account.given_up += given_up;
            if given_up > 0 {
                account.was_emptied();
            }
            if let Some(Some(kept)) = account.kept.last_mut() {
                *kept -= given_up as u64;
            }
            account.in_calls += load;
            match call {
                Call::Direct(sink, place, job) => self.call(sink, place, job, vec![])?,
                Call::Aside(sink, place, job) => {
                    let device = self.programs[number].device;
                    let what = What::Job { sink, job, bytes: vec![] };
                    self.calls.push(Out { place, device, since: self.now.mono, what });
                }
            }
        }
        Err(format!("a log calls again and again: {:?}", self.sinks.get(token).map(Sink::counts)))
    }

    /// Closes files that nobody needs.
    fn close(&mut self) {
        for file in std::mem::take(&mut self.sinks.closing) {
            let (place, device, since) = (closes_at(&file), file.device(), self.now.mono);
            let lanes = &mut self.sinks.lanes;
            if self.watched && !lanes.is_suspect(&place) {
                if self.hung.contains(&device) {
                    lanes.suspect(place.clone(), since);
                    self.calls.push(Out { place, device, since, what: What::Close(file) });
                }
            } else if lanes.is_free(&place) {
                lanes.begin_close(place.clone(), since);
                self.calls.push(Out { place, device, since, what: What::Close(file) });
            } else {
                self.sinks.closing.push(file);
            }
        }
    }

    /// Hears what logs have to say about themselves.
    pub(super) fn report(&mut self) -> Result<(), String> {
        for line in std::mem::take(&mut self.sinks.reports) {
            let names = self.programs.iter().map(|program| program.path.display().to_string());
            let named = names.enumerate().find(|(_, name)| line.text.split([' ', ':']).any(|word| word == name));
            let Some((number, _)) = named else { return Err(format!("nobody's: {}", line.text)) };
            let Program { path, account, .. } = &mut self.programs[number];
            let cause = self.told.hear(path, &line.text, &account.kept)?;
            if !self.told.of(path).is_out {
                account.is_cut = false;
            }
            if let Some(cause) = cause
                && !self.is_true(number, cause)
            {
                return Err(format!("that is not true: {}", line.text));
            }
            if self.sinks.get(MAIN).is_some() {
                // no two lines are alike here
                self.say()?;
            }
        }
        Ok(())
    }
}
