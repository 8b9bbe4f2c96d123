//! Living on after a panic, which is a bug: the one thing that panicked is given
//! up, the log tells of it, and whatever else is supervised goes on being so.
//! A daemon that is gone would leave all of its children to nobody; one that has
//! a wrong idea of one process is wrong about that one.

use super::Engine;
use crate::model::Level;
use crate::sys::clock;
use crate::sys::panics::caught;
use std::io::{self, Write as _};

impl Engine {
    /// Does `work`; what it has done before a panic stays done.
    pub(super) fn guarded(&mut self, work: impl FnOnce(&mut Self)) {
        let Err(text) = caught(|| work(self)) else { return };
        self.pause = self.pause.max(self.brake.one_more(clock::now().mono));
        self.log(Level::Critical, format!("panic: {text}; what was being done is given up, all else goes on"));
        if let Err(text) = caught(|| self.manager.check_invariants()) {
            let advice = "shut supervisord down and start it again when you can";
            self.log(Level::Critical, format!("what is known of the processes is inconsistent: {text}; {advice}"));
        }
    }

    /// The pump has gone, which only a bug can bring about: no output is read
    /// any more. Told where there is still somebody to read it.
    pub(super) fn tell_pump_gone(&mut self) {
        self.pump_gone = true;
        let text = "nobody reads the output of processes or writes logs any more; supervision goes on";
        self.log(Level::Critical, text);
        drop(writeln!(io::stderr(), "{text}"));
    }
}
