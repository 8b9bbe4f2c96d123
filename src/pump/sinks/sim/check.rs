//! What must hold between two turns, and when all is over.

use super::program::Program;
use super::told::Cause;
use super::walk::{Out, Walk, Walked, What};
use crate::logs::Sink;
use crate::logs::outage::PATIENCE;
use crate::pump::sinks::{MAIN, place_of};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

impl Walk {
    /// Whether what is said about a log has reasons.
    pub(super) fn is_true(&mut self, number: usize, cause: Cause) -> bool {
        let program = &self.programs[number];
        let failures = program.file.state().failures;
        let known = self.known.get(&number).copied().unwrap_or(0);
        let long_ago = |since: Duration| since + PATIENCE <= self.now.mono;
        let mut sinks = self.sinks.all.iter().filter(|(_, sink)| sink.path() == program.path);
        match cause {
            Cause::Failed | Cause::Slow => failures > known,
            Cause::Hangs => sinks.any(|(_, sink)| sink.is_out()),
            Cause::OthersHang => {
                // one that only waits for its turn has no outage
                let stands = |sink: &Sink| self.back.get(&place_of(sink)).is_none_or(|at| long_ago(*at));
                sinks.any(|(token, sink)| self.restless.get(token).is_some_and(|at| long_ago(*at)) && stands(sink))
            }
            Cause::Flooded => true,
        }
    }

    /// What must hold between two turns.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let mut counts = self.sinks.counts();
        for (number, program) in self.programs.iter().enumerate() {
            let Program { path, owner, file, account, .. } = program;
            let counts = counts.remove(owner).unwrap_or_default();
            let written = file.state().text.len();
            let kept = usize::try_from(counts.dropped + counts.waiting).unwrap();
            if written + kept != account.said() || counts.written != written as u64 {
                let (said, in_calls) = (account.said(), account.in_calls);
                return Err(format!("{path:?}: {said} bytes, {written} written, {in_calls} in calls, {counts:?}"));
            }
            let told = self.told.of(path);
            // what is said last in a turn may be too much for the activity log
            let is_told = counts.outages == told.outages && (counts.out_since.is_none() || told.is_out);
            if number != 0 && !is_told {
                return Err(format!("{path:?}: {} outages were told, {counts:?}", told.outages));
            }
            if !self.sinks.all.values().any(|sink| sink.path() == path) {
                told.is_stuck = false;
                if told.is_out {
                    return Err(format!("{path:?}: the end of an outage is not told"));
                }
            }
            if !told.is_out && !told.is_stuck {
                self.known.insert(number, file.state().failures);
            }
        }
        for (token, sink) in &self.sinks.all {
            if sink.is_idle() {
                self.restless.remove(token);
            } else {
                self.restless.entry(*token).or_insert(self.now.mono);
            }
        }
        Ok(())
    }

    /// All is well again, and everything comes to rest.
    pub(super) fn heal(&mut self) -> Result<(), String> {
        self.hung.clear();
        self.lend(0);
        for program in &self.programs {
            let mut file = program.file.state();
            (file.room, file.is_slow, file.opens, file.is_gone) = (usize::MAX, false, true, false);
        }
        while !self.openings.is_empty() {
            self.open();
        }
        let all_die = self.dice.one_in(2);
        if all_die {
            (1..self.programs.len()).for_each(|number| self.bury(number));
        }
        for _ in 0..10_000 {
            self.turns()?;
            if !self.calls.is_empty() {
                self.come_back(0)?;
            } else if let Some(next) = self.sinks.deadline() {
                self.set_forth(next.saturating_sub(self.now.mono));
            } else if !self.may_read() {
                return self.rests(all_die);
            }
        }
        Err(format!("it does not come to rest: {:?}", self.sinks.all))
    }

    /// Whether the loop is woken by somebody's output.
    fn may_read(&self) -> bool {
        let lives = self.programs.iter().filter_map(|program| program.live.as_ref());
        let unread = lives.filter(|life| !life.pipe.is_empty()).chain(self.dead.iter().map(|(_, life)| life));
        unread.into_iter().any(|life| !self.sinks.must_wait(life.sink))
    }

    /// Nothing is left to be done, by nobody.
    fn rests(&mut self, all_are_dead: bool) -> Result<(), String> {
        let sinks = &self.sinks;
        let tokens = if all_are_dead { sinks.tokens() == [MAIN] } else { true };
        let waiting = sinks.unwritten() == (0, 0) && sinks.standing() == (false, false) && self.budget.used() == 0;
        let quiet = sinks.busy.is_empty() && sinks.closing.is_empty() && self.dead.is_empty();
        let asked = self.asked == self.answered.load(SeqCst);
        let well = sinks.all.values().all(|sink| !sink.is_outage() && sink.device().is_some());
        let read = self.programs.iter().filter_map(|program| program.live.as_ref());
        let read = read.map(|life| life.pipe.len()).sum::<usize>() == 0;
        if !(tokens && waiting && quiet && asked && well && read) {
            return Err(format!(
                "no rest: {:?} {:?} {tokens} {waiting} {quiet} {asked} {well} {read}, {:?}",
                sinks.busy,
                self.dead.len(),
                sinks.all
            ));
        }
        for program in &self.programs {
            let open = sinks.all.values().filter(|sink| sink.path() == program.path).count();
            if program.file.descriptors() != open {
                let descriptors = program.file.descriptors();
                return Err(format!("{:?} has {descriptors} descriptors for {open} logs", program.path));
            }
            if self.told.of(&program.path).is_out {
                return Err(format!("{:?}: the end of an outage is not told", program.path));
            }
        }
        Ok(())
    }

    /// Nothing is well, and all logs are closed.
    pub(super) fn break_off(&mut self) -> Result<(), String> {
        let mut tokens = self.sinks.tokens();
        // the last one, since the others have something to say
        tokens.sort_by_key(|token| std::cmp::Reverse(*token));
        for token in tokens {
            // what calls have with them may be written, but counts as dropped
            let number = self.program_of(token)?;
            self.programs[number].account.in_calls -= self.sinks.get(token).map_or(0, Sink::in_job);
            self.sinks.close(token, self.now);
            self.report()?;
        }
        self.check()?;
        // perhaps they come back when nobody asks any more
        for Out { what, .. } in std::mem::take(&mut self.calls) {
            if let What::Job { job, bytes, .. } = what
                && self.dice.one_in(2)
            {
                drop(job.run_with(&bytes));
            }
        }
        Ok(())
    }

    /// What the files have is what was said, but for what was told to be dropped.
    pub(super) fn compare(&mut self) -> Result<Walked, String> {
        let mut walked = Walked::default();
        for number in 0..self.programs.len() {
            let counts = self.counts(number);
            let Program { path, file, account, .. } = &self.programs[number];
            let told = self.told.of(path);
            if (counts.dropped, counts.outages) != (told.dropped, told.outages) {
                return Err(format!("{path:?}: {counts:?}, but {told:?}"));
            }
            account.compare(&file.state().text).map_err(|how| format!("{path:?}: {how}"))?;
            walked.add(Walked {
                written: counts.written,
                dropped: counts.dropped,
                outages: counts.outages,
                given_up: account.given_up as u64,
            });
        }
        Ok(walked)
    }
}
