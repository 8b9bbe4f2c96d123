//! Pools fed by hand; every listener runs unless a test says otherwise.

use super::{LAST_SERIAL, Pool, PoolAction, Serials, publish};
use crate::config::LenUnit;
use crate::manager::event::{Event, Period};
use crate::model::{Level, LogLine};

mod start;

/// A pool with its listeners and all that came out of it.
struct Rig {
    pool: Pool,
    serials: Serials,
    out: Vec<PoolAction>,
}

impl Rig {
    fn new(buffer_size: usize, events: &[&str], members: &[&str]) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let pool = Pool::new("p".to_owned(), buffer_size, owned(events), LenUnit::Characters, owned(members));
        Self { pool, serials: Serials::default(), out: vec![] }
    }

    /// One listener that has been ready and has nothing to do: the early time
    /// is over, and the queue is as upstream's.
    fn settled(buffer_size: usize) -> Self {
        let mut rig = Self::new(buffer_size, &["EVENT"], &["a"]);
        rig.hear(0, "READY\n");
        rig.tick(0);
        rig.dispatch();
        rig.out.clear();
        rig
    }

    fn tick(&mut self, when: u64) {
        publish(Event::Tick { period: Period::Five, when }, [&mut self.pool], &mut self.serials, &mut self.out);
    }

    fn hear(&mut self, listener: usize, text: &str) {
        self.pool.hear(listener, text.as_bytes(), &mut self.out);
    }

    fn dispatch(&mut self) {
        self.pool.dispatch("supervisor", |_| true, &mut self.out);
    }

    /// What was sent since the last look: listener and `when` of the tick.
    fn sent(&mut self) -> Vec<(usize, u64)> {
        let sends = self.out.drain(..).filter_map(|action| match action {
            PoolAction::Send { listener, bytes, .. } => Some((listener, bytes)),
            PoolAction::Log(_) => None,
        });
        let when = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().rsplit_once(':').unwrap().1.parse().unwrap();
        sends.map(|(listener, bytes)| (listener, when(bytes))).collect()
    }

    /// Lines logged since the last look, loud ones only unless `quiet`.
    fn logged(&mut self, quietest: Level) -> Vec<String> {
        let lines = self.out.drain(..).map(|action| match action {
            PoolAction::Log(line) | PoolAction::Send { said: line, .. } => line,
        });
        let loud = lines.filter(|line| line.level <= quietest);
        loud.map(|line| format!("{} {}", line.level.tag(), line.text)).collect()
    }
}

/// A6.84, A5.86, A5.83
#[test]
fn an_exchange_reads_as_the_sample() {
    let mut rig = Rig::new(10, &["TICK"], &["a"]);
    rig.hear(0, "READY\n");
    rig.tick(1_795_360_225);
    rig.dispatch();
    let bytes = "ver:3.0 server:supervisor serial:0 pool:p poolserial:0 eventname:TICK_5 len:15\nwhen:1795360225";
    let said = LogLine::new(Level::Debug, "event 0 sent to listener a");
    assert!(rig.out.contains(&PoolAction::Send { listener: 0, bytes: bytes.into(), said }), "{:?}", rig.out);
    assert_eq!(rig.logged(Level::Debug), ["DEBG a: ACKNOWLEDGED -> READY", "DEBG event 0 sent to listener a"]);
    rig.hear(0, "RESULT 2\nOK");
    assert_eq!(rig.logged(Level::Debug), ["DEBG a: event was processed", "DEBG a: BUSY -> ACKNOWLEDGED"]);
    assert_eq!(rig.pool.waiting(), 0);
}

/// A6.62, A6.63
#[test]
fn events_go_in_order_to_the_first_that_is_ready_and_runs() {
    let mut rig = Rig::new(10, &["TICK"], &["a", "b", "c"]);
    for when in 1..=4 {
        rig.tick(when);
    }
    rig.hear(2, "READY\n");
    rig.hear(1, "READY\n");
    rig.hear(0, "READY\n");
    rig.pool.dispatch("i", |listener| listener != 0, &mut rig.out);
    assert_eq!(rig.sent(), [(1, 1), (2, 2)]);
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 3)]);
    rig.dispatch();
    assert_eq!(rig.sent(), [], "all are busy");
    rig.hear(1, "RESULT 2\nOKREADY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [(1, 4)]);
}

/// A6.69, A6.73, A5.84, A5.87, A8.27
#[test]
fn a_rejected_event_comes_again_before_all_others_with_its_numbers() {
    let mut rig = Rig::settled(10);
    rig.tick(1);
    rig.hear(0, "RESULT 2\nOKREADY\n");
    rig.dispatch();
    rig.tick(2);
    let first: Vec<_> = rig.out.drain(..).filter(|action| matches!(action, PoolAction::Send { .. })).collect();
    rig.hear(0, "RESULT 4\nFAIL");
    assert_eq!(
        rig.logged(Level::Debug),
        [
            "WARN a: event was rejected",
            "DEBG a: BUSY -> ACKNOWLEDGED",
            "DEBG rebuffering event 1 for pool p (buf size=1, max=10)",
        ]
    );
    rig.hear(0, "READY\n");
    rig.dispatch();
    let again: Vec<_> = rig.out.drain(..).filter(|action| matches!(action, PoolAction::Send { .. })).collect();
    assert_eq!(again, first, "same serial, same poolserial");
}

/// A6.72
#[test]
fn the_event_of_a_listener_that_dies_goes_to_another() {
    let mut rig = Rig::new(10, &["TICK"], &["a", "b"]);
    rig.hear(0, "READY\n");
    rig.tick(1);
    rig.dispatch();
    rig.pool.died(0, &mut rig.out);
    rig.hear(1, "READY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 1), (1, 1)]);
    rig.pool.died(1, &mut rig.out);
    rig.pool.died(1, &mut rig.out);
    assert_eq!(rig.pool.waiting(), 1, "it is put back once");
}

/// A6.65, A6.71
#[test]
fn a_new_spawn_starts_the_protocol_over() {
    let mut rig = Rig::settled(10);
    rig.hear(0, "nonsense\n");
    rig.hear(0, "READY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [], "it fell");
    rig.pool.died(0, &mut rig.out);
    rig.pool.spawned(0);
    rig.hear(0, "READY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 0)]);
}

/// A6.64, A5.89
#[test]
fn a_listener_that_reads_no_more_is_passed_over_until_it_is_spawned_again() {
    let mut rig = Rig::new(10, &["TICK"], &["a", "b"]);
    rig.hear(0, "READY\n");
    rig.tick(1);
    rig.dispatch();
    rig.out.clear();
    rig.pool.refused(0, &mut rig.out);
    assert_eq!(
        rig.logged(Level::Debug),
        [
            "DEBG epipe occurred while sending event 0 to listener a, listener state unchanged",
            "DEBG rebuffering event 0 for pool p (buf size=0, max=10)",
        ]
    );
    rig.dispatch();
    assert_eq!(rig.sent(), []);
    rig.hear(1, "READY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [(1, 1)]);
    rig.pool.spawned(0);
    rig.hear(0, "READY\n");
    rig.tick(2);
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 2)]);
}

/// A6.64
#[test]
fn a_listener_that_has_much_to_read_gets_no_event_until_it_has_read_it() {
    let mut rig = Rig::settled(10);
    rig.pool.lags(0, true);
    rig.hear(0, "RESULT 2\nOKREADY\n");
    rig.tick(1);
    rig.dispatch();
    assert_eq!(rig.sent(), []);
    rig.pool.lags(0, false);
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 1)]);
    rig.pool.lags(0, true);
    rig.pool.died(0, &mut rig.out);
    rig.pool.spawned(0);
    rig.hear(0, "READY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 1)], "the next child has its own stdin");
}

/// A6.70, A5.88
#[test]
fn a_full_queue_loses_its_oldest_event() {
    let mut rig = Rig::settled(2);
    for when in 1..=3 {
        rig.tick(when);
    }
    assert_eq!(rig.logged(Level::Info), ["ERRO pool p event buffer overflowed, discarding event 1"]);
    rig.hear(0, "RESULT 2\nOKREADY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 2)]);
}

/// A6.70
#[test]
fn an_event_put_back_into_a_full_queue_costs_the_next_oldest() {
    let mut rig = Rig::settled(2);
    rig.tick(1);
    rig.hear(0, "RESULT 2\nOKREADY\n");
    rig.dispatch();
    rig.tick(2);
    rig.tick(3);
    rig.out.clear();
    rig.hear(0, "RESULT 4\nFAIL");
    let lines = rig.logged(Level::Debug);
    assert_eq!(
        lines[2..],
        [
            "DEBG rebuffering event 1 for pool p (buf size=2, max=2)",
            "ERRO pool p event buffer overflowed, discarding event 2",
        ]
    );
    rig.hear(0, "READY\n");
    rig.dispatch();
    rig.hear(0, "RESULT 2\nOKREADY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 1), (0, 3)]);
}

/// A6.75
#[test]
fn overlapping_subscriptions_deliver_once() {
    let mut rig = Rig::new(10, &["TICK_5", "TICK", "EVENT"], &["a"]);
    rig.tick(1);
    assert_eq!(rig.pool.waiting(), 1);
}

/// A6.41: for these alone the wall clock is looked at
#[test]
fn a_pool_knows_whether_it_hears_of_time() {
    for (events, hears) in [(["TICK_3600"], true), (["TICK"], true), (["EVENT"], true), (["PROCESS_LOG"], false)] {
        assert_eq!(Rig::new(10, &events, &["a"]).pool.hears_ticks(), hears, "{events:?}");
    }
}

/// A6.58
#[test]
fn a_pool_counts_len_in_its_own_unit() {
    for (unit, len) in [(LenUnit::Characters, "len:8\n"), (LenUnit::Bytes, "len:9\n")] {
        let mut pool = Pool::new("p".to_owned(), 10, vec!["EVENT".to_owned()], unit, vec!["a".to_owned()]);
        let mut out = vec![];
        pool.hear(0, b"READY\n", &mut out);
        let event = Event::RemoteCommunication { kind: "t".to_owned(), data: "é".to_owned() };
        publish(event, [&mut pool], &mut Serials::default(), &mut out);
        pool.dispatch("i", |_| true, &mut out);
        let sent = out.iter().find_map(|action| match action {
            PoolAction::Send { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
            PoolAction::Log(_) => None,
        });
        assert!(sent.unwrap().ends_with(&format!("{len}type:t\né")), "{unit:?}");
    }
}

/// A6.55, A6.59, A6.60
#[test]
fn serials_are_shared_and_poolserials_are_not() {
    let pool = |name: &str, events: &str| {
        Pool::new(name.to_owned(), 10, vec![events.to_owned()], LenUnit::Characters, vec!["a".to_owned()])
    };
    let (mut ticks, mut all) = (pool("ticks", "TICK"), pool("all", "EVENT"));
    let (mut serials, mut out) = (Serials::default(), vec![]);
    let mut send = |event, pools: Vec<&mut Pool>| publish(event, pools, &mut serials, &mut out);
    send(Event::SupervisorRunning, vec![&mut ticks]);
    send(Event::SupervisorRunning, vec![&mut ticks, &mut all]);
    send(Event::Tick { period: Period::Five, when: 5 }, vec![&mut ticks, &mut all]);
    for pool in [&mut ticks, &mut all] {
        pool.hear(0, b"READY\n", &mut out);
    }
    out.clear();
    all.dispatch("i", |_| true, &mut out);
    all.hear(0, b"RESULT 2\nOKREADY\n", &mut out);
    all.dispatch("i", |_| true, &mut out);
    ticks.dispatch("i", |_| true, &mut out);
    let sent = out.iter().filter_map(|action| match action {
        PoolAction::Send { bytes, .. } => Some(std::str::from_utf8(bytes).unwrap().split(" eventname").next().unwrap()),
        PoolAction::Log(_) => None,
    });
    assert_eq!(
        sent.collect::<Vec<_>>(),
        [
            "ver:3.0 server:i serial:0 pool:all poolserial:0",
            "ver:3.0 server:i serial:1 pool:all poolserial:1",
            "ver:3.0 server:i serial:1 pool:ticks poolserial:0",
        ]
    );
}

/// A6.59
#[test]
fn serials_start_anew_after_the_last() {
    let mut serials = Serials { next: LAST_SERIAL };
    assert_eq!([serials.take(), serials.take(), serials.take()], [LAST_SERIAL, 0, 1]);
}
