//! One event listener's side of the protocol: what it says on its stdout, and
//! what that means for it and for the event it has (A6.65–A6.72).
//!
//! Knows neither the event nor the pool.

use crate::config::number::integer;
use crate::model::{Level, ListenerState, LogLine, py_repr_bytes};

/// What a listener says when it wants an event.
const READY: &[u8] = b"READY\n";

/// How the line that announces a result begins.
const RESULT: &[u8] = b"RESULT ";

/// What a result says when the event has been dealt with; any other rejects it.
const OK: &[u8] = b"OK";

/// Longest line that may announce a result, in bytes. Upstream has no bound,
/// but no line that means anything is longer than this.
const LONGEST_LINE: usize = 1024;

/// Longest result, in bytes. Upstream has no bound and so can be filled up.
const LONGEST_RESULT: usize = 1024 * 1024;

/// What a listener made of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is dealt with.
    Processed,
    /// Somebody has to deal with it yet.
    Rejected,
}

/// One listener process, from one spawn to the next.
#[derive(Debug, Clone)]
pub struct Listener {
    state: ListenerState,
    /// What it said and we have not understood yet.
    heard: Vec<u8>,
    /// Length of the result that is coming, once announced.
    announced: Option<usize>,
}

/// Freshly spawned (A6.65).
impl Default for Listener {
    fn default() -> Self {
        Self { state: ListenerState::Acknowledged, heard: vec![], announced: None }
    }
}

impl Listener {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> ListenerState {
        self.state
    }

    /// All of it, for a snapshot: state, what was heard, length announced.
    pub(super) fn parts(&self) -> (ListenerState, &[u8], Option<usize>) {
        (self.state, &self.heard, self.announced)
    }

    /// The listener that the parts were taken from.
    pub(super) fn from_parts(state: ListenerState, heard: Vec<u8>, announced: Option<usize>) -> Self {
        Self { state, heard, announced }
    }

    /// It is given an event and owes a result.
    pub fn give(&mut self) {
        self.state = ListenerState::Busy;
    }

    /// It wrote `bytes` on its stdout. `name` is for the log. The verdict is
    /// about the event it has; there is at most one.
    pub fn hear(&mut self, name: &str, bytes: &[u8], log: &mut Vec<LogLine>) -> Option<Verdict> {
        self.heard.extend_from_slice(bytes);
        let mut verdict = None;
        while !self.heard.is_empty() || self.announced == Some(0) {
            let understood = match self.state {
                ListenerState::Acknowledged => self.expect_ready(name, log),
                ListenerState::Busy if self.announced.is_some() => {
                    let judged = self.expect_result(name, log);
                    verdict = verdict.or(judged);
                    judged.is_some()
                }
                ListenerState::Busy => match self.expect_result_line() {
                    Ok(found) => found,
                    Err(line) => {
                        log.push(LogLine::new(Level::Warn, format!("{name}: bad result line: '{}'", shown(&line))));
                        self.enter(ListenerState::Unknown, name, log);
                        verdict = Some(Verdict::Rejected);
                        true
                    }
                },
                // It was asked nothing (A6.67).
                ListenerState::Ready => {
                    self.enter(ListenerState::Unknown, name, log);
                    true
                }
                // Nothing it says matters any more (A6.71).
                ListenerState::Unknown => {
                    self.heard.clear();
                    true
                }
            };
            if !understood {
                break;
            }
        }
        verdict
    }

    /// A6.66. Whether enough was said to tell.
    fn expect_ready(&mut self, name: &str, log: &mut Vec<LogLine>) -> bool {
        if self.heard.len() < READY.len() {
            return false;
        }
        if self.heard.starts_with(READY) {
            self.heard.drain(..READY.len());
            self.enter(ListenerState::Ready, name, log);
        } else {
            self.enter(ListenerState::Unknown, name, log);
        }
        true
    }

    /// A6.68. Whether the line is there; the error is a line that is no such.
    fn expect_result_line(&mut self) -> Result<bool, Vec<u8>> {
        // Not further than this, whatever came in the same breath.
        let within = self.heard.len().min(LONGEST_LINE + 1);
        let Some(end) = self.heard.iter().take(within).position(|byte| *byte == b'\n') else {
            let endless = within > LONGEST_LINE;
            return if endless { Err(self.heard.drain(..within).collect()) } else { Ok(false) };
        };
        let mut line: Vec<u8> = self.heard.drain(..=end).collect();
        line.pop();
        self.announced = Some(announced(&line).ok_or(line)?);
        Ok(true)
    }

    /// A6.69. The verdict, once all of the result is there.
    fn expect_result(&mut self, name: &str, log: &mut Vec<LogLine>) -> Option<Verdict> {
        let length = self.announced.filter(|length| self.heard.len() >= *length)?;
        let result: Vec<u8> = self.heard.drain(..length).collect();
        let (level, what, verdict) = match result.as_slice() {
            OK => (Level::Debug, "processed", Verdict::Processed),
            _ => (Level::Warn, "rejected", Verdict::Rejected),
        };
        log.push(LogLine::new(level, format!("{name}: event was {what}")));
        self.enter(ListenerState::Acknowledged, name, log);
        Some(verdict)
    }

    fn enter(&mut self, state: ListenerState, name: &str, log: &mut Vec<LogLine>) {
        let change = format!("{name}: {} -> {}", self.state.name(), state.name());
        log.push(LogLine::new(Level::Debug, change));
        self.state = state;
        self.announced = None;
        if state == ListenerState::Unknown {
            self.heard.clear();
            let text = "has entered the UNKNOWN state and will no longer receive events, \
                        this usually indicates the process violated the eventlistener protocol";
            log.push(LogLine::new(Level::Warn, format!("{name}: {text}")));
        }
    }
}

/// The length in a line like `RESULT 2`. The number is one that Python's int()
/// reads in bytes; the first word must be right (A7.72).
fn announced(line: &[u8]) -> Option<usize> {
    let number = std::str::from_utf8(line.strip_prefix(RESULT)?).ok()?;
    // In text int() knows more blanks and digits than in bytes.
    let plain = number.chars().all(|c| c == '\x0b' || c.is_ascii_whitespace() || c.is_ascii_graphic());
    let length = integer(number).filter(|_| plain)?;
    usize::try_from(length).ok().filter(|length| *length <= LONGEST_RESULT)
}

fn shown(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("Undecodable: {}", py_repr_bytes(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_LINE, LONGEST_RESULT, Listener, Verdict};
    use crate::model::{Level, ListenerState, LogLine};

    fn hear(listener: &mut Listener, bytes: &[u8]) -> (Option<Verdict>, Vec<String>) {
        let mut log: Vec<LogLine> = vec![];
        let verdict = listener.hear("lis", bytes, &mut log);
        (verdict, log.into_iter().map(|line| format!("{} {}", line.level.tag(), line.text)).collect())
    }

    /// One that has said READY and was given an event.
    fn busy() -> Listener {
        let mut listener = Listener::default();
        hear(&mut listener, b"READY\n");
        assert_eq!(listener.state(), ListenerState::Ready);
        listener.give();
        listener
    }

    const FALLEN: &str = "WARN lis: has entered the UNKNOWN state and will no longer receive events, \
                          this usually indicates the process violated the eventlistener protocol";

    /// A6.65, A6.66, A5.80
    #[test]
    fn ready_may_come_in_pieces_and_anything_else_is_the_end() {
        let mut listener = Listener::default();
        assert_eq!(hear(&mut listener, b"REA"), (None, vec![]));
        assert_eq!(hear(&mut listener, b"DY\n"), (None, vec!["DEBG lis: ACKNOWLEDGED -> READY".to_owned()]));
        let mut listener = Listener::default();
        assert_eq!(hear(&mut listener, b"hello"), (None, vec![]), "five bytes may become anything");
        let (_, log) = hear(&mut listener, b"!");
        assert_eq!(log, ["DEBG lis: ACKNOWLEDGED -> UNKNOWN", FALLEN]);
    }

    /// A6.67
    #[test]
    fn to_talk_when_ready_is_the_end() {
        let mut listener = Listener::default();
        let (verdict, log) = hear(&mut listener, b"READY\nx");
        assert_eq!(verdict, None);
        assert_eq!(log, ["DEBG lis: ACKNOWLEDGED -> READY", "DEBG lis: READY -> UNKNOWN", FALLEN]);
    }

    /// A6.68, A6.69, A5.83
    #[test]
    fn ok_is_processed_and_the_next_ready_may_share_the_read() {
        let mut listener = busy();
        let (verdict, log) = hear(&mut listener, b"RESULT 2\nOKREADY\n");
        assert_eq!(verdict, Some(Verdict::Processed));
        assert_eq!(
            log,
            ["DEBG lis: event was processed", "DEBG lis: BUSY -> ACKNOWLEDGED", "DEBG lis: ACKNOWLEDGED -> READY"]
        );
        assert_eq!(listener.state(), ListenerState::Ready);
    }

    /// A6.68
    #[test]
    fn a_result_may_come_byte_by_byte() {
        let mut listener = busy();
        let verdicts: Vec<_> = b"RESULT 2\nOK".iter().map(|byte| hear(&mut listener, &[*byte]).0).collect();
        let (last, before) = verdicts.split_last().unwrap();
        assert!(before.iter().all(Option::is_none));
        assert_eq!(*last, Some(Verdict::Processed));
    }

    /// A6.69, A5.84, A8.29
    #[test]
    fn any_other_result_is_rejected_and_the_listener_goes_on() {
        for said in [&b"RESULT 4\nFAIL"[..], b"RESULT 3\nOK\n", b"RESULT 2\nok"] {
            let mut listener = busy();
            let (verdict, log) = hear(&mut listener, said);
            assert_eq!(verdict, Some(Verdict::Rejected));
            assert_eq!(log, ["WARN lis: event was rejected", "DEBG lis: BUSY -> ACKNOWLEDGED"]);
        }
    }

    /// A6.69, A7.72
    #[test]
    fn an_empty_result_is_acted_on_at_once() {
        let mut listener = busy();
        assert_eq!(hear(&mut listener, b"RESULT 0\n").0, Some(Verdict::Rejected));
        assert_eq!(listener.state(), ListenerState::Acknowledged);
        hear(&mut listener, b"READY\n");
        assert_eq!(listener.state(), ListenerState::Ready);
    }

    /// A6.68, A7.72, A5.82
    #[test]
    fn a_line_that_announces_nothing_is_the_end() {
        for line in ["RESULT x", "RESULT -1", "RESULT", "RESULT ", "GARBAGE2", "result 2", "RESULT 1048577"] {
            let mut listener = busy();
            let (verdict, log) = hear(&mut listener, format!("{line}\nOK").as_bytes());
            assert_eq!(verdict, Some(Verdict::Rejected), "{line}");
            let first = format!("WARN lis: bad result line: '{line}'");
            assert_eq!(log, [first.as_str(), "DEBG lis: BUSY -> UNKNOWN", FALLEN]);
        }
        let (_, log) = hear(&mut busy(), b"\xff\n");
        assert_eq!(log[0], r"WARN lis: bad result line: 'Undecodable: b'\xff''");
    }

    /// A6.68: Python's int() takes blanks around a number, a sign, and underscores in it.
    #[test]
    fn the_length_is_what_int_reads() {
        for line in ["RESULT  2", "RESULT 2 ", "RESULT 2\r", "RESULT \x0b2\x0c", "RESULT +2", "RESULT 0_2"] {
            assert_eq!(hear(&mut busy(), format!("{line}\nOK").as_bytes()).0, Some(Verdict::Processed), "{line:?}");
        }
        assert_eq!(hear(&mut busy(), b"RESULT -0\nREADY\n").0, Some(Verdict::Rejected), "no bytes are no OK");
    }

    /// A6.68: of bytes, int() knows no others than those of ASCII.
    #[test]
    fn blanks_and_digits_beyond_ascii_are_no_numbers() {
        for line in ["RESULT \u{a0}2", "RESULT \u{662}", "RESULT \x1c2"] {
            let mut listener = busy();
            assert_eq!(hear(&mut listener, format!("{line}\nOK").as_bytes()).0, Some(Verdict::Rejected), "{line:?}");
            assert_eq!(listener.state(), ListenerState::Unknown, "{line:?}");
        }
    }

    #[test]
    fn an_endless_line_is_the_end() {
        let mut listener = busy();
        assert_eq!(hear(&mut listener, &[b'x'; LONGEST_LINE]).0, None);
        assert_eq!(hear(&mut listener, b"x").0, Some(Verdict::Rejected));
        assert_eq!(listener.state(), ListenerState::Unknown);
        let too_long = format!("RESULT {:>LONGEST_LINE$}\nOK", 2);
        let (mut at_once, mut in_two) = (busy(), busy());
        let (first, second) = too_long.split_at(LONGEST_LINE + 1);
        assert_eq!(hear(&mut at_once, too_long.as_bytes()), hear(&mut in_two, first.as_bytes()));
        assert_eq!(hear(&mut in_two, second.as_bytes()), (None, vec![]));
        assert_eq!(at_once.state(), ListenerState::Unknown);
    }

    #[test]
    fn the_longest_result_is_taken() {
        let mut listener = busy();
        assert_eq!(hear(&mut listener, format!("RESULT {LONGEST_RESULT}\n").as_bytes()), (None, vec![]));
        assert_eq!(hear(&mut listener, &vec![0; LONGEST_RESULT - 1]), (None, vec![]));
        assert_eq!(hear(&mut listener, b"x").0, Some(Verdict::Rejected));
    }

    /// A6.71
    #[test]
    fn one_that_fell_is_heard_no_more() {
        let mut listener = Listener::default();
        hear(&mut listener, b"nonsense");
        assert_eq!(hear(&mut listener, b"READY\nRESULT 2\nOK"), (None, vec![]));
        assert_eq!(listener.state(), ListenerState::Unknown);
    }

    #[test]
    fn levels_are_those_of_the_catalogue() {
        let mut log = vec![];
        busy().hear("lis", b"x\n", &mut log);
        let levels: Vec<Level> = log.iter().map(|line| line.level).collect();
        assert_eq!(levels, [Level::Warn, Level::Debug, Level::Warn]);
    }
}
