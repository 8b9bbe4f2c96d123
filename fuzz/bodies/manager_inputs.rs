//! Bytes as a script for the manager: who asks for what, which child dies when,
//! what listeners say. The world around it plays by the engine's rules, since
//! only those can happen; within them anything goes, in any order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use supervisord::config::{
    AutoRestart, ChannelConfig, ChildLog, GroupConfig, GroupKind, LenUnit, ProcessConfig, ServerUrl,
};
use supervisord::manager::{Action, CommandError, Input, Manager, ProcessId, Target, Ticket, Wish};
use supervisord::model::{Channel, ExitStatus, Now, Signal, SupervisorState};

/// Actions that one input may lead to, and their consequences; more is a loop.
const MOST_ACTIONS: usize = 20_000;

pub(super) fn run(data: &[u8]) {
    let mut script = Script(data);
    let mut world = World::new(&mut script);
    world.perform(vec![Action::Then(Input::Boot)], &mut script);
    while let Some(op) = script.0.first().copied() {
        script.0 = &script.0[1..];
        world.live(op, &mut script);
        world.manager.check_invariants();
        if world.finished.is_some() {
            return;
        }
    }
}

/// The bytes that are left; zero when there are none.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()].clone()
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken.to_vec()
    }
}

struct World {
    manager: Manager,
    groups: Vec<GroupConfig>,
    now: Now,
    /// Every process that exists, with its child.
    children: BTreeMap<ProcessId, Option<i32>>,
    open: BTreeSet<Ticket>,
    tickets: u64,
    pids: i32,
    finished: Option<SupervisorState>,
}

impl World {
    fn new(script: &mut Script<'_>) -> Self {
        let mut program = |name: &str| invent(name, script);
        let groups = vec![
            pool("l", &["EVENT"], vec![program("l"), program("m")]),
            pool("t", &["TICK_5", "PROCESS_STATE"], vec![program("t")]),
            GroupConfig {
                name: "a".into(),
                priority: 9,
                kind: GroupKind::Programs,
                processes: vec![program("a").into()],
            },
            GroupConfig {
                name: "g".into(),
                priority: 5,
                kind: GroupKind::Programs,
                processes: vec![program("x").into(), program("y").into()],
            },
        ];
        let mut world = Self {
            manager: Manager::new("fuzz".into(), groups.clone(), 0),
            groups: groups.clone(),
            now: Now { mono: Duration::from_secs(50), wall: Duration::from_secs(1_700_000_000) },
            children: BTreeMap::new(),
            open: BTreeSet::new(),
            tickets: 0,
            pids: 1000,
            finished: None,
        };
        groups.into_iter().for_each(|group| world.add(group, script));
        world
    }

    /// One op.
    fn live(&mut self, op: u8, script: &mut Script<'_>) {
        match op % 16 {
            0..=2 => {
                let millis = u64::from(script.byte()) * 40;
                self.now.mono += Duration::from_millis(millis);
                // The wall clock may jump, back too.
                self.now.wall = match op / 16 {
                    0 => Duration::from_secs(u64::from(script.byte())),
                    _ => self.now.wall + Duration::from_millis(millis),
                };
                self.input(Input::Wake, script);
            }
            3 | 4 => self.reap(script),
            5..=7 => self.ask(script),
            8 | 9 => {
                let said = script.of::<&[u8]>(&[b"READY\n", b"RESULT 2\nOK", b"RESULT 4\nFAIL", b"RESULT 0\n", b""]);
                let bytes = if said.is_empty() { script.bytes() } else { said.to_vec() };
                let id = self.process(script);
                self.input(Input::ListenerSaid { id, bytes }, script);
            }
            10 => {
                let group = script.of(&self.groups);
                self.add(group, script);
            }
            11 => self.remove(script),
            12 => {
                let id = self.process(script);
                let pid = self.children.get(&id).copied().flatten().unwrap_or(7);
                let channel = script.of(&[Channel::Stdout, Channel::Stderr]);
                let bytes = script.bytes();
                let input = match op / 16 % 2 {
                    0 => Input::Output { id, channel, pid, bytes },
                    _ => Input::Captured { id, channel, pid, bytes },
                };
                self.input(input, script);
            }
            13 => self.in_passing(script),
            14 => {
                let signal = script.of(&[Signal::CHLD, Signal::USR2, Signal::CHLD, Signal::HUP, Signal::TERM]);
                self.input(Input::Signalled(signal), script);
            }
            _ => self.take_apart(),
        }
    }

    fn input(&mut self, input: Input, script: &mut Script<'_>) {
        self.perform(vec![Action::Then(input)], script);
    }

    /// Carries actions out as the engine does: results before what follows.
    fn perform(&mut self, actions: Vec<Action>, script: &mut Script<'_>) {
        let mut queue = VecDeque::from(actions);
        let mut count = 0;
        while let Some(action) = queue.pop_front() {
            count += 1;
            assert!(count < MOST_ACTIONS, "one input led to {count} actions, the next is {action:?}");
            let Some(input) = self.carry_out(action, script) else { continue };
            let mut out = vec![];
            self.manager.input(input, self.now, &mut out);
            out.into_iter().rev().for_each(|action| queue.push_front(action));
        }
        for (id, child) in &self.children {
            let known = self.manager.process(*id).map(|process| process.pid);
            assert_eq!(known, Some(*child), "{id:?}: the manager and the world disagree about the child");
        }
    }

    fn carry_out(&mut self, action: Action, script: &mut Script<'_>) -> Option<Input> {
        match action {
            Action::Then(input) => Some(input),
            Action::Spawn(id) => {
                assert_eq!(self.children.get(&id), Some(&None), "{id:?} spawned beside its child, or when gone");
                if script.byte() % 8 == 7 {
                    return Some(Input::SpawnFailed { id, error: "too many open files to spawn 'x'".into() });
                }
                self.pids += 1;
                self.children.insert(id, Some(self.pids));
                Some(Input::Spawned { id, pid: self.pids })
            }
            Action::Kill { id, pid, purpose, .. } => {
                assert_eq!(self.children.get(&id), Some(&Some(pid)), "a signal to a stranger");
                let gone = script.of(&[None, None, None, None, None, None, Some(true), Some(false)]);
                gone.map(|gone| Input::SignalFailed { id, purpose, error: "[Errno 1] no".into(), gone })
            }
            Action::CheckCommand { ticket, id } => {
                let missing = script.byte() % 8 == 7;
                let command = if missing { Err(CommandError::NotFound("x".into())) } else { Ok(()) };
                Some(Input::StartMember { ticket, id, command })
            }
            Action::Answer { ticket, .. } => {
                assert!(self.open.remove(&ticket), "{ticket:?} answered unasked, or twice");
                None
            }
            Action::Feed { id, bytes, .. } => {
                assert!(bytes.starts_with(b"ver:3.0 server:fuzz serial:"), "{bytes:?}");
                assert!(self.children.get(&id).is_some_and(Option::is_some), "an event for the dead");
                match script.byte() % 8 {
                    7 => Some(Input::ListenerDeaf { id }),
                    6 => Some(Input::ListenerLags { id }),
                    _ => None,
                }
            }
            Action::PrepareRestart => Some(Input::Leave(SupervisorState::Restarting)),
            Action::Finish(state) => {
                let before = self.finished.replace(state);
                let turned = (before, state) == (Some(SupervisorState::Restarting), SupervisorState::Shutdown);
                assert!(before.is_none() || turned, "finished twice: {before:?}, {state:?}");
                None
            }
            Action::Log(_) | Action::Release(_) | Action::LookBehind { .. } | Action::ReopenLogs => None,
        }
    }

    /// One that exists, or at times one that does not any more.
    fn process(&self, script: &mut Script<'_>) -> ProcessId {
        let known: Vec<ProcessId> = self.children.keys().copied().collect();
        let pick = usize::from(script.byte());
        known.get(pick % (known.len() + 1)).copied().unwrap_or(ProcessId(9999))
    }

    fn reap(&mut self, script: &mut Script<'_>) {
        let alive: Vec<(ProcessId, i32)> =
            self.children.iter().filter_map(|(id, child)| Some((*id, (*child)?))).collect();
        let pick = usize::from(script.byte());
        let status = match script.byte() {
            code @ 0..128 => ExitStatus::Code(code % 4),
            number => ExitStatus::Signal { number: i32::from(number) - 127, core: number > 200 },
        };
        let pid = match alive.get(pick % (alive.len() + 1)) {
            Some((id, pid)) => {
                self.children.insert(*id, None);
                *pid
            }
            None => 7,
        };
        self.input(Input::Exited { pid, status }, script);
    }

    fn ask(&mut self, script: &mut Script<'_>) {
        let name = script.of(&["a", "g:x", "g:y", "g:*", "l:*", "l", "l:m", "t", "", ":", "g:", "*", "nope:a"]);
        let target = match script.byte() % 8 {
            0 => Target::All,
            1 => Target::Group(name.split(':').next().unwrap_or_default().to_owned()),
            _ => Target::Named(name.to_owned()),
        };
        let choice = script.byte();
        let wait = choice & 1 == 0;
        let wish = match choice / 2 % 3 {
            0 => Wish::Start { wait },
            1 => Wish::Stop { wait },
            _ => Wish::Signal(script.of(&["HUP", "9", "0", "SIGUSR1", "nonsense", ""]).to_owned()),
        };
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.open.insert(ticket);
        let mut out = vec![];
        match self.manager.request(&target, &wish, ticket, &mut out) {
            Ok(()) => self.perform(out, script),
            Err(refusal) => {
                assert_eq!(out, [], "refused with {refusal:?}, yet something is done");
                self.open.remove(&ticket);
            }
        }
    }

    fn add(&mut self, config: GroupConfig, script: &mut Script<'_>) {
        let mut out = vec![];
        let members = self.manager.add_group(config, &mut out).unwrap_or_default();
        self.children.extend(members.into_iter().map(|id| (id, None)));
        self.perform(out, script);
    }

    fn remove(&mut self, script: &mut Script<'_>) {
        let name = script.of(&["a", "g", "l", "t", "nope"]);
        let mut out = vec![];
        if let Ok(gone) = self.manager.remove_group(name, &mut out) {
            self.children.retain(|id, _| !gone.contains(id));
        }
        self.perform(out, script);
    }

    /// Calls that only look, and those that are told something.
    fn in_passing(&mut self, script: &mut Script<'_>) {
        let mut out = vec![];
        match script.byte() % 5 {
            0 => self.manager.remote_communication("kind", &String::from_utf8_lossy(&script.bytes()), &mut out),
            1 => {
                if let Some(caller) = self.open.pop_first() {
                    self.manager.forget(caller);
                }
            }
            2 => {
                let infos = self.manager.infos(self.now, &|_| "stamp".to_owned());
                assert_eq!(infos.len(), self.children.len());
            }
            3 => {
                let id = self.process(script);
                out.push(Action::Then(Input::StdinDrained { id }));
            }
            _ => {
                let mut read = self.groups.clone();
                read.truncate(usize::from(script.byte()) % (read.len() + 1));
                let found = self.manager.reread(read);
                assert!(found.changed.is_empty(), "the same settings, yet changed: {:?}", found.changed);
            }
        }
        self.perform(out, script);
    }

    /// Into text and back; callers are cut off.
    fn take_apart(&mut self) {
        let lines = self.manager.to_lines();
        let read = self.manager.last_read().to_vec();
        let twin = Manager::from_lines(&lines, "fuzz", read, &self.groups)
            .unwrap_or_else(|error| panic!("{error}: {lines:?}"));
        assert_eq!(twin.to_lines(), lines, "the round trip lost something");
        self.manager = twin;
        self.open.clear();
    }
}

fn pool(name: &str, events: &[&str], processes: Vec<ProcessConfig>) -> GroupConfig {
    let events = events.iter().map(|name| (*name).to_owned()).collect();
    let kind = GroupKind::Listeners { buffer_size: 3, events, len_unit: LenUnit::Characters };
    GroupConfig { name: name.into(), priority: -1, kind, processes: processes.into_iter().map(Arc::new).collect() }
}

/// A program with settings from the script, odd ones too.
fn invent(name: &str, script: &mut Script<'_>) -> ProcessConfig {
    let (times, rules) = (script.byte(), script.byte());
    let channel = ChannelConfig {
        logfile: ChildLog::None,
        maxbytes: 0,
        backups: 0,
        capture_maxbytes: 0,
        events_enabled: true,
        syslog: false,
    };
    ProcessConfig {
        name: name.to_owned(),
        command: "/bin/cat".to_owned(),
        directory: None,
        umask: None,
        priority: i64::from(rules >> 6),
        autostart: rules & 4 == 0,
        autorestart: [AutoRestart::Always, AutoRestart::Unexpected, AutoRestart::Never][usize::from(rules) % 3],
        startsecs: [1, 0, -1, 3, i64::MAX, i64::MIN, 10, 2][usize::from(times) % 8],
        startretries: [3, 0, -1, i64::MAX][usize::from(times) / 8 % 4],
        stdout: channel.clone(),
        stderr: channel,
        stopsignal: Signal::TERM,
        stopwaitsecs: [10, 0, -5, i64::MAX][usize::from(times) / 32 % 4],
        stopasgroup: false,
        killasgroup: false,
        exitcodes: vec![0, 2],
        redirect_stderr: false,
        user: None,
        environment: vec![],
        serverurl: ServerUrl::Auto,
        fcgi: None,
    }
}
