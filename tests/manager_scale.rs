//! What the manager does for each of 2,000 programs costs no more than for
//! each of 200: nothing it does grows with the square of their number.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use nix::time::{ClockId, clock_gettime};
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use supervisord::config::{GroupConfig, Source, load};
use supervisord::manager::{Action, Input, Manager, ProcessId, Target, Ticket, Wish};
use supervisord::model::{ExitStatus, Now, SupervisorState};

const FEW: u32 = 200;
const MANY: u32 = 2_000;

/// Ten times as many may cost so many times as much: memory gets farther away,
/// and trees deeper. A square would be a hundred.
const MOST: u32 = 20;

/// The processor time that this thread has had, which a busy machine does not
/// add to as it does to the time of day. The kernel's clock tells it to the
/// nanosecond; the files of /proc are only as fresh as the last tick.
fn spent() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

fn groups(text: &str) -> Vec<GroupConfig> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("sv-manager-scale-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("s.conf"), format!("[supervisord]\n{text}")).unwrap();
    let source = Source { path: Some("s.conf".into()), cwd: folder.clone(), ..Source::default() };
    let config = load(&source).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    config.groups
}

fn one_group(count: u32) -> Vec<GroupConfig> {
    groups(&format!("[program:p]\ncommand=x\nprocess_name=p%(process_num)d\nnumprocs={count}\n"))
}

fn many_groups(count: u32) -> Vec<GroupConfig> {
    groups(&(0..count).map(|number| format!("[program:p{number}]\ncommand=x\n")).collect::<String>())
}

fn pool(count: u32) -> Vec<GroupConfig> {
    let text = "[eventlistener:l]\ncommand=x\nevents=REMOTE_COMMUNICATION\nstartsecs=0\nbuffer_size=1000000\n";
    groups(&format!("{text}process_name=l%(process_num)d\nnumprocs={count}\n"))
}

/// A manager whose every child can be made, and lives until it is told not to.
struct World {
    manager: Manager,
    now: Now,
    children: Vec<(ProcessId, i32)>,
    pids: i32,
    tickets: u64,
}

impl World {
    fn new(groups: &[GroupConfig]) -> Self {
        let now = Now { mono: Duration::from_secs(1000), wall: Duration::from_secs(1_700_000_001) };
        let manager = Manager::new("supervisor".to_owned(), groups.to_vec(), 0);
        let mut world = Self { manager, now, children: vec![], pids: 1, tickets: 0 };
        for group in groups {
            let mut out = vec![];
            world.manager.add_group(group.clone(), &mut out).unwrap();
            world.perform(out);
        }
        world.input(Input::Boot);
        world
    }

    fn input(&mut self, input: Input) {
        self.perform(vec![Action::Then(input)]);
    }

    fn perform(&mut self, mut left: Vec<Action>) {
        left.reverse();
        while let Some(action) = left.pop() {
            let input = match action {
                Action::Spawn(id) => {
                    self.pids += 1;
                    self.children.push((id, self.pids));
                    Input::Spawned { id, pid: self.pids }
                }
                Action::CheckCommand { ticket, id } => Input::StartMember { ticket, id, command: Ok(()) },
                Action::Then(input) => input,
                _ => continue,
            };
            let mut out = vec![];
            self.manager.input(input, self.now, &mut out);
            left.extend(out.into_iter().rev());
        }
    }

    fn pass(&mut self) {
        self.now.mono += Duration::from_secs(2);
        self.now.wall += Duration::from_secs(2);
        self.input(Input::Wake);
    }

    fn ask(&mut self, wish: &Wish) {
        self.tickets += 1;
        let mut out = vec![];
        self.manager.request(&Target::All, wish, Ticket(self.tickets), &mut out).unwrap();
        self.perform(out);
    }

    fn die(&mut self) {
        for (_, pid) in std::mem::take(&mut self.children) {
            self.input(Input::Exited { pid, status: ExitStatus::Code(0) });
        }
    }
}

/// From the first start to the last stop, with all that can be asked for.
fn whole_life(groups: &[GroupConfig]) {
    let mut world = World::new(groups);
    world.pass();
    assert!(world.manager.reread(groups.to_vec()).changed.is_empty());
    world.ask(&Wish::Stop { wait: true });
    world.die();
    world.ask(&Wish::Start { wait: true });
    world.pass();
    world.ask(&Wish::Signal("HUP".to_owned()));
    let lines = world.manager.to_lines();
    world.manager = Manager::from_lines(&lines, "supervisor", groups.to_vec(), groups).unwrap();
    assert_eq!(world.manager.to_lines().len(), lines.len());
    world.ask(&Wish::Stop { wait: true });
    world.die();
    for group in groups {
        let mut out = vec![];
        world.manager.remove_group(&group.name, &mut out).unwrap();
        let read = world.manager.read_group(&group.name).unwrap().clone();
        world.manager.add_group(read, &mut out).unwrap();
        world.perform(out);
    }
    world.pass();
    world.input(Input::Leave(SupervisorState::Shutdown));
    while let Some((_, pid)) = world.children.pop() {
        world.input(Input::Exited { pid, status: ExitStatus::Code(0) });
    }
}

/// Each listener takes an event and deals with it.
fn busy_pool(groups: &[GroupConfig]) {
    let mut world = World::new(groups);
    let listeners = world.children.clone();
    for _ in 0..2 {
        for _ in &listeners {
            let mut out = vec![];
            world.manager.remote_communication("t", "d", &mut out);
            world.perform(out);
        }
        for (id, _) in &listeners {
            world.input(Input::ListenerSaid { id: *id, bytes: b"READY\n".to_vec() });
            world.input(Input::ListenerSaid { id: *id, bytes: b"RESULT 2\nOK".to_vec() });
        }
    }
}

fn expect_no_square(what: &str, make: fn(u32) -> Vec<GroupConfig>, live: fn(&[GroupConfig])) {
    let (few, many) = (make(FEW), make(MANY));
    let took = |groups: &[GroupConfig]| {
        let start = spent();
        live(groups);
        spent() - start
    };
    let few = (0..2).map(|_| took(&few)).min().unwrap();
    let mut times = vec![];
    for _ in 0..2 {
        times.push(took(&many));
        if times.iter().any(|time| *time < few * MOST) {
            return;
        }
    }
    assert!(times.is_empty(), "{what}: {FEW} take {few:?}, and {MANY} take {times:?}");
}

#[test]
fn one_group_of_two_thousand() {
    expect_no_square("one group", one_group, whole_life);
}

#[test]
fn two_thousand_groups() {
    expect_no_square("groups", many_groups, whole_life);
}

#[test]
fn a_pool_of_two_thousand_with_as_many_events() {
    expect_no_square("pool", pool, busy_pool);
}
