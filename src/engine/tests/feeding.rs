//! Events on their way to listeners, over real pipes of a page each: they read a
//! few bytes or many, answer early or late or in pieces, reject, close their
//! stdin, die and come again. Each event is dealt with once or is told to be lost.

use super::engine_of;
use crate::engine::Engine;
use crate::manager::{Action, Input, ProcessId, Target, Ticket, Wish};
use crate::model::dice::{Dice, setting};
use crate::model::{ExitStatus, Level, LogLine, Now};
use crate::pump::PumpEvent;
use crate::sys::testdir::TestDir;
use crate::sys::{clock, fds};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::runtime::Runtime;

const STEPS: u32 = 400;
/// All that are lost have a line each.
const MOST_EVENTS: usize = 90;
/// Walks in an ordinary run; `FEEDING_SEEDS` asks for others.
const SEEDS: u64 = 6;
const TEXT: &str = "[supervisord]\nnocleanup=true\n\
    [eventlistener:one]\ncommand=/bin/cat\nevents=REMOTE_COMMUNICATION\nbuffer_size=4\nautostart=false\n\
    startsecs=0\nautorestart=false\nstdout_logfile=NONE\nstderr_logfile=NONE\n\
    [eventlistener:two]\ncommand=/bin/cat\nevents=EVENT,REMOTE_COMMUNICATION\nbuffer_size=4\nautostart=false\nnumprocs=2\n\
    process_name=%(process_num)d\nstartsecs=0\nautorestart=false\nstdout_logfile=NONE\nstderr_logfile=NONE\n";

/// One listener as it lives now.
#[derive(Default)]
struct Ear {
    pool: String,
    pid: i32,
    alive: bool,
    stdin: Option<OwnedFd>,
    /// Read, and not a whole event yet.
    read: Vec<u8>,
    /// The answer to what is read, from its header on: the event's serial.
    answered: Option<u64>,
    to_say: VecDeque<u8>,
    /// What `to_say` will have dealt with when all of it is said.
    deals_with: Option<u64>,
}

struct World<'a> {
    dice: Dice,
    runtime: &'a Runtime,
    engine: Engine,
    now: Now,
    ears: BTreeMap<ProcessId, Ear>,
    pids: i32,
    /// The data of the remote events, by their serials.
    raised: BTreeMap<u64, String>,
    /// By pool: what was answered with OK, and what was read last.
    done: BTreeMap<String, BTreeSet<u64>>,
    newest: BTreeMap<String, u64>,
}

impl World<'_> {
    /// Does what is to be done, but for children: these are made up.
    fn act(&mut self, actions: Vec<Action>) {
        let mut queue: VecDeque<Action> = actions.into();
        while let Some(action) = queue.pop_front() {
            let results = match action {
                Action::Spawn(id) => vec![self.spawn(id)],
                Action::Kill { .. } => panic!("{action:?}"),
                action => self.engine.perform(action),
            };
            let mut out = vec![];
            results.into_iter().for_each(|result| self.engine.manager.input(result, self.now, &mut out));
            out.into_iter().rev().for_each(|action| queue.push_front(action));
        }
    }

    fn tell(&mut self, input: Input) {
        let mut out = vec![];
        self.engine.manager.input(input, self.now, &mut out);
        self.act(out);
    }

    fn spawn(&mut self, id: ProcessId) -> Input {
        let (reader, writer) = fds::pipe_cloexec().unwrap();
        fds::widen_pipe(&writer, 4096).unwrap();
        [&reader, &writer].into_iter().for_each(|end| fds::set_nonblocking(end, true).unwrap());
        self.engine.stdins.insert(id, writer, self.engine.poller.get_ref());
        self.pids += 1;
        let pool = self.engine.manager.group_of(id).unwrap().name.clone();
        let (pid, to_say) = (self.pids, VecDeque::from(*b"READY\n"));
        self.ears.insert(id, Ear { pool, pid, alive: true, stdin: Some(reader), to_say, ..Ear::default() });
        Input::Spawned { id, pid }
    }

    fn start(&mut self, id: ProcessId) {
        let name = |engine: &Engine| {
            Some(format!("{}:{}", engine.manager.group_of(id)?.name, engine.manager.process(id)?.config.name))
        };
        let (name, mut out) = (name(&self.engine).unwrap(), vec![]);
        self.engine.manager.request(&Target::Named(name), &Wish::Start { wait: false }, Ticket(1), &mut out).unwrap();
        self.act(out);
        self.now.mono += Duration::from_millis(1);
        self.tell(Input::Wake);
    }

    fn die(&mut self, id: ProcessId) {
        let ear = self.ears.get_mut(&id).unwrap();
        (ear.alive, ear.stdin) = (false, None);
        let pid = ear.pid;
        self.tell(Input::Exited { pid, status: ExitStatus::Code(0) });
    }

    fn raise(&mut self) {
        let size = match self.dice.below(60) {
            0 => 3 << 20,
            1..=15 => 10_000,
            _ => 20,
        };
        let data = format!("{}{}", self.raised.len(), "x".repeat(usize::try_from(self.dice.below(size)).unwrap()));
        let (serial, mut out) = (self.engine.manager.serial(), vec![]);
        self.engine.manager.remote_communication("n", &data, &mut out);
        self.raised.insert(serial, data);
        self.act(out);
    }

    /// As the loop does when the poll set has something.
    fn look(&mut self) {
        let mut ready = vec![];
        self.engine.poller.get_ref().wait(Some(Duration::ZERO), &mut ready).unwrap();
        if !ready.is_empty() {
            drop(self.runtime.block_on(self.engine.poller.readable()).unwrap());
            self.engine.take_writable(self.now);
        }
    }

    fn say(&mut self, id: ProcessId, most: u64) {
        let ear = self.ears.get_mut(&id).unwrap();
        let count = self.dice.below(most).min(ear.to_say.len() as u64);
        let bytes: Vec<u8> = ear.to_say.drain(..usize::try_from(count).unwrap()).collect();
        if bytes.is_empty() {
            return;
        }
        // The last bytes are those of the next READY.
        if ear.to_say.len() <= 6
            && let Some(serial) = ear.deals_with.take()
        {
            assert!(self.done.entry(ear.pool.clone()).or_default().insert(serial), "{serial} twice");
        }
        let pid = ear.pid;
        self.engine.take_output(PumpEvent::Listener { process: id.0, pid, bytes }, self.now);
    }

    fn read(&mut self, id: ProcessId, most: u64) -> bool {
        let ear = self.ears.get_mut(&id).unwrap();
        let Some(stdin) = &ear.stdin else { return false };
        let mut buffer = vec![0; usize::try_from(1 + self.dice.below(most)).unwrap()];
        let Ok(count) = fds::read(stdin, &mut buffer) else { return false };
        ear.read.extend_from_slice(&buffer[..count]);
        self.understand(id);
        count > 0
    }

    /// Looks at what was read: a header is answered now or with the whole event.
    fn understand(&mut self, id: ProcessId) {
        let Self { ears, dice, done, newest, raised, .. } = self;
        let ear = ears.get_mut(&id).unwrap();
        let done = done.entry(ear.pool.clone()).or_default();
        while let Some(end) = ear.read.iter().position(|byte| *byte == b'\n') {
            let header = String::from_utf8(ear.read[..end].to_vec()).unwrap();
            let word = |key: &str| header.split(' ').find_map(|word| word.strip_prefix(key)).unwrap().to_owned();
            let (serial, len): (u64, usize) = (word("serial:").parse().unwrap(), word("len:").parse().unwrap());
            assert_eq!(word("pool:"), ear.pool);
            let whole = end + 1 + len;
            let is_whole = ear.read.len() >= whole;
            if ear.answered != Some(serial) && ear.to_say.is_empty() && (is_whole || dice.one_in(4)) {
                assert!(!done.contains(&serial), "{serial} was dealt with");
                let last = newest.insert(ear.pool.clone(), serial).unwrap_or(serial);
                assert!(ear.pool != "one" || serial >= last, "{serial} after {last}");
                let rejects = dice.one_in(5);
                // One that has read enough of it shuts its ear; its answer counts.
                if !is_whole && dice.one_in(4) {
                    ear.stdin = None;
                }
                ear.answered = Some(serial);
                ear.deals_with = (!rejects).then_some(serial);
                ear.to_say.extend(if rejects { &b"RESULT 4\nFAILREADY\n"[..] } else { b"RESULT 2\nOKREADY\n" });
            }
            if !is_whole || ear.answered != Some(serial) {
                return;
            }
            let event: Vec<u8> = ear.read.drain(..whole).skip(end + 1).collect();
            ear.answered = None;
            if let Some(data) = raised.get(&serial) {
                assert_eq!(event.len(), data.len() + 7);
                assert!(event == format!("type:n\n{data}").as_bytes(), "not the data of {serial}");
            }
        }
    }

    fn step(&mut self, ids: &[ProcessId]) {
        let id = self.dice.pick(ids).unwrap();
        if !self.ears[&id].alive {
            if self.dice.one_in(3) {
                self.start(id);
            }
            return;
        }
        match self.dice.below(60) {
            0 => self.die(id),
            1 => self.ears.get_mut(&id).unwrap().stdin = None,
            2..=9 if self.raised.len() < MOST_EVENTS => self.raise(),
            10..=22 => drop(self.read(id, 30)),
            23..=35 => drop(self.read(id, 100_000)),
            36..=47 => self.say(id, 30),
            _ => self.look(),
        }
    }

    /// All listeners begin anew, and take what there is.
    fn finish(&mut self, ids: &[ProcessId]) {
        for id in ids {
            if self.ears[id].alive {
                self.die(*id);
            }
            self.start(*id);
        }
        let mut idle = 0;
        while idle < 100 {
            idle += 1;
            for id in ids {
                while self.read(*id, 100_000) {
                    idle = 0;
                    self.look();
                }
                self.understand(*id);
                self.say(*id, 30);
                if self.ears[id].stdin.is_none() && self.ears[id].to_say.is_empty() {
                    self.die(*id);
                    self.start(*id);
                    idle = 0;
                }
            }
            self.look();
        }
    }
}

/// Serials of events that the log says are lost.
fn lost(log: &std::path::Path, pool: &str) -> BTreeSet<u64> {
    let said = std::fs::read_to_string(log).unwrap();
    let what = format!("pool {pool} event buffer overflowed, discarding event ");
    said.lines().filter_map(|line| line.split_once(&what)?.1.parse().ok()).collect()
}

fn walk(seed: u64, runtime: &Runtime) {
    let dir = TestDir::new();
    let mut engine = engine_of(&dir, TEXT, Level::Error);
    engine.turn_end = Duration::MAX;
    let ids: Vec<ProcessId> = engine.manager.in_order();
    let ears = ids.iter().map(|id| (*id, Ear::default())).collect();
    let (dice, now) = (Dice(seed), clock::now());
    let (raised, done, newest) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut world = World { dice, runtime, engine, now, ears, pids: 1_000_000, raised, done, newest };
    (0..STEPS).for_each(|_| world.step(&ids));
    world.finish(&ids);
    let log = dir.path().join("s.log");
    world.act(vec![Action::Log(LogLine::new(Level::Error, "walked"))]);
    while !std::fs::read_to_string(&log).unwrap().contains("walked") {
        std::thread::yield_now();
    }
    for pool in ["one", "two"] {
        let lost = lost(&log, pool);
        let done = world.done.remove(pool).unwrap_or_default();
        assert!(lost.is_disjoint(&done), "seed {seed}: {pool} dealt with what was lost");
        let missing = |serial: &&u64| !lost.contains(serial) && !done.contains(serial);
        let missing: Vec<_> = world.raised.keys().filter(missing).collect();
        assert!(missing.is_empty(), "seed {seed}: {pool} never got {missing:?}");
    }
}

/// A6.60–A6.64, A6.69–A6.72
#[test]
fn each_event_is_dealt_with_once_or_told_to_be_lost() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    for seed in 0..setting("FEEDING_SEEDS", SEEDS) {
        walk(seed, &runtime);
    }
}
