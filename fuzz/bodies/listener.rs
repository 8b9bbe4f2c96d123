//! What a listener says: any bytes, in any breaths. Where the reads cut them
//! must not matter, and what makes no sense silences it for good.

use supervisord::manager::listener::{Listener, Verdict};
use supervisord::model::{ListenerState, LogLine};

pub(super) fn run(data: &[u8]) {
    let (whole, pieces) = super::cut(data);
    for busy in [false, true] {
        let at_once = hear(busy, &[whole]);
        assert_eq!(hear(busy, &pieces), at_once, "the cuts made a difference (busy: {busy})");
        assert!(busy || at_once.verdict.is_none(), "a verdict about nothing");
        let unsettled = at_once.verdict.is_none() && busy;
        assert!(!unsettled || at_once.state == ListenerState::Busy, "the event is lost in {:?}", at_once.state);
    }
    converse(&pieces);
}

#[derive(Debug, PartialEq)]
struct Heard {
    state: ListenerState,
    verdict: Option<Verdict>,
    log: Vec<LogLine>,
}

fn hear(busy: bool, chunks: &[&[u8]]) -> Heard {
    let (mut listener, mut log) = (Listener::default(), vec![]);
    if busy {
        listener.hear("lis", b"READY\n", &mut vec![]);
        listener.give();
    }
    let mut verdicts = chunks.iter().filter_map(|chunk| listener.hear("lis", chunk, &mut log)).collect::<Vec<_>>();
    assert!(verdicts.len() <= 1, "{} verdicts about one event", verdicts.len());
    Heard { state: listener.state(), verdict: verdicts.pop(), log }
}

/// With events as soon as it is ready: each gets one verdict at most.
fn converse(chunks: &[&[u8]]) {
    let (mut listener, mut owes) = (Listener::default(), false);
    for chunk in chunks {
        let before = listener.state();
        if listener.hear("lis", chunk, &mut vec![]).is_some() {
            assert!(std::mem::take(&mut owes), "a verdict without an event");
        }
        assert!(before != ListenerState::Unknown || listener.state() == before, "it came back by itself");
        if listener.state() == ListenerState::Ready {
            assert!(!owes, "ready with an event in hand");
            listener.give();
            owes = true;
        }
    }
}
