//! Real children, each started in all the ways there are.

use super::child::Entry;
use super::{Spawner, copying_memory, sharing_memory};
use crate::sys::fds::pipe_cloexec;
use crate::sys::plan::{ChildPlan, ChildSpec, ChildUser};
use crate::sys::testdir::TestDir;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

type Start = fn(&ChildPlan<'_>) -> io::Result<i32>;

const NOBODY: u32 = 65_534;

/// What came of a child.
#[derive(Debug, PartialEq)]
struct Outcome {
    pid: i32,
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs `words` with `change` made to an otherwise plain spec, and waits.
fn run(start: Start, words: &[&str], change: impl FnOnce(&mut ChildSpec<'_>)) -> Outcome {
    let (stdin, _kept_open) = pipe_cloexec().unwrap();
    let (out_reader, out_writer) = pipe_cloexec().unwrap();
    let (err_reader, err_writer) = pipe_cloexec().unwrap();
    let mut spec = ChildSpec {
        program: words[0].into(),
        argv: words.iter().map(Into::into).collect(),
        env: vec![],
        user: None,
        directory: None,
        umask: None,
        stdin: stdin.as_fd(),
        stdout: out_writer.as_fd(),
        stderr: err_writer.as_fd(),
        minfds: 1024,
    };
    change(&mut spec);
    let pid = start(&ChildPlan::new(spec).unwrap()).unwrap();
    drop((out_writer, err_writer));
    let text = |reader: OwnedFd| {
        let mut text = String::new();
        File::from(reader).read_to_string(&mut text).unwrap();
        text
    };
    let (stdout, stderr) = (text(out_reader), text(err_reader));
    let WaitStatus::Exited(_, code) = waitpid(Pid::from_raw(pid), None).unwrap() else { panic!("killed") };
    Outcome { pid, code, stdout, stderr }
}

/// Runs the same both ways and hands each outcome to `check`.
fn both(words: &[&str], change: impl Fn(&mut ChildSpec<'_>), check: impl Fn(&Outcome)) {
    let ways: [Start; 3] =
        [|plan| sharing_memory(&Entry::plain(plan)), |plan| copying_memory(&Entry::plain(plan)), as_the_daemon];
    for start in ways {
        check(&run(start, words, &change));
    }
}

fn as_the_daemon(plan: &ChildPlan<'_>) -> io::Result<i32> {
    Spawner::default().spawn(plan)
}

#[test]
fn slots_are_empty_again_and_the_same_for_every_child() {
    let mut spawner = Spawner::default();
    let numbers = spawner.slots.as_ref().map(|slots| slots.numbers());
    for _ in 0..3 {
        // its pipes are read to their end, which would not come if a slot held one
        let (stdin, writer) = pipe_cloexec().unwrap();
        let (reader, stdout) = pipe_cloexec().unwrap();
        let spec = ChildSpec {
            program: "/bin/cat".into(),
            argv: vec!["cat".into()],
            env: vec![],
            user: None,
            directory: None,
            umask: None,
            stdin: stdin.as_fd(),
            stdout: stdout.as_fd(),
            stderr: stdout.as_fd(),
            minfds: 1024,
        };
        let pid = spawner.spawn(&ChildPlan::new(spec).unwrap()).unwrap();
        drop((stdin, stdout));
        crate::sys::fds::write(&writer, b"through").unwrap();
        drop(writer);
        let mut text = String::new();
        File::from(reader).read_to_string(&mut text).unwrap();
        assert_eq!(text, "through");
        waitpid(Pid::from_raw(pid), None).unwrap();
        assert_eq!(spawner.slots.as_ref().map(|slots| slots.numbers()), numbers);
    }
}

fn failed(first_line: &str) -> impl Fn(&Outcome) {
    let expected = format!("{first_line}\nsupervisor: child process was not spawned\n");
    move |outcome| {
        assert_eq!(outcome.stderr, expected);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (127, ""));
    }
}

#[test]
fn the_exit_code_is_the_programs() {
    both(&["/bin/sh", "-c", "exit 7"], |_| {}, |outcome| assert_eq!(outcome.code, 7));
}

/// A4.67
#[test]
fn a_program_that_is_not_there_is_told_by_its_word_and_errno() {
    let program = |spec: &mut ChildSpec<'_>| spec.program = "/no/such/file".into();
    both(&["word", "x"], program, failed("supervisor: couldn't exec word: ENOENT"));
}

/// A4.68
#[test]
fn a_text_without_a_first_line_is_no_program() {
    let dir = TestDir::new();
    let script = dir.path().join("script");
    // not by ourselves: a child of another test could still have it open for writing
    let write = ["-c", "echo echo hello > $0; chmod 755 $0", script.to_str().unwrap()];
    assert!(std::process::Command::new("/bin/sh").args(write).status().unwrap().success());
    let program = |spec: &mut ChildSpec<'_>| spec.program.clone_from(&script);
    both(&["script"], program, failed("supervisor: couldn't exec script: ENOEXEC"));
}

/// A3.46, A4.67
#[test]
fn a_directory_that_cannot_be_entered_is_told() {
    let directory = |to: &'static str| move |spec: &mut ChildSpec<'_>| spec.directory = Some(to.into());
    both(&["/bin/true"], directory("/no/where"), failed("supervisor: couldn't chdir to /no/where: ENOENT"));
    both(&["/bin/true"], directory(""), failed("supervisor: couldn't chdir to : ENOENT"));
    both(&["/bin/pwd"], directory("/usr/.."), |outcome| assert_eq!(outcome.stdout, "/\n"));
}

/// A4.60, A4.61
#[test]
fn only_the_three_standard_descriptors_are_open() {
    let (inherited, _other) = pipe_cloexec().unwrap();
    let number = fcntl(&inherited, FcntlArg::F_DUPFD(700)).unwrap();
    // SAFETY: the number was just made for us and nobody else knows it.
    let _without_cloexec = unsafe { OwnedFd::from_raw_fd(number) };
    // ls has one more open: the directory that it lists
    both(&["/bin/ls", "/proc/self/fd"], |_| {}, |outcome| assert_eq!(outcome.stdout, "0\n1\n2\n3\n"));
}

/// A4.61
#[test]
fn stderr_may_be_the_same_pipe_as_stdout() {
    let words = ["/bin/sh", "-c", "echo a; echo b >&2; echo c"];
    both(
        &words,
        |spec| spec.stderr = spec.stdout,
        |outcome| {
            assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("a\nb\nc\n", ""));
        },
    );
}

/// A4.62
#[test]
fn the_child_leads_a_group_of_its_own_in_our_session() {
    let ours = nix::unistd::getsid(None).unwrap().to_string();
    both(
        &["/bin/cat", "/proc/self/stat"],
        |_| {},
        |outcome| {
            let fields: Vec<&str> = outcome.stdout.split(' ').collect();
            let pid = outcome.pid.to_string();
            assert_eq!((fields[0], fields[4], fields[5]), (pid.as_str(), pid.as_str(), ours.as_str()));
        },
    );
}

/// A4.66
#[test]
fn no_signal_is_blocked_and_only_pipe_and_xfsz_are_ignored() {
    both(
        &["/bin/cat", "/proc/self/status"],
        |_| {},
        |outcome| {
            let field = |name: &str| {
                let line = outcome.stdout.lines().find(|line| line.starts_with(name)).unwrap();
                u64::from_str_radix(line[name.len()..].trim(), 16).unwrap()
            };
            let found = ["SigBlk:", "SigIgn:", "SigCgt:", "SigPnd:"].map(field);
            assert_eq!(found, [0, 0x0100_1000, 0, 0]);
        },
    );
}

#[test]
fn our_own_mask_is_as_before() {
    let before = nix::sys::signal::SigSet::thread_get_mask().unwrap();
    run(as_the_daemon, &["/bin/true"], |_| {});
    assert_eq!(nix::sys::signal::SigSet::thread_get_mask().unwrap(), before);
}

/// A4.41, A4.63
#[test]
fn words_and_environment_are_passed_exactly() {
    let env = |spec: &mut ChildSpec<'_>| spec.env = vec![("A".into(), "1=2".into()), ("B".into(), "".into())];
    both(&["/usr/bin/env"], env, |outcome| assert_eq!(outcome.stdout, "A=1=2\nB=\n"));
    let words =
        |spec: &mut ChildSpec<'_>| spec.argv = ["shown", "-c", r#"echo "$0:$1""#, "a b", ""].map(Into::into).into();
    both(&["/bin/sh"], words, |outcome| assert_eq!(outcome.stdout, "a b:\n"));
}

/// A3.61, A4.60
#[test]
fn the_umask_is_set_when_given_and_inherited_when_not() {
    let words = ["/bin/sh", "-c", "umask"];
    both(&words, |spec| spec.umask = Some(0o137), |outcome| assert_eq!(outcome.stdout, "0137\n"));
    let ours = std::process::Command::new(words[0]).args(&words[1..]).output().unwrap();
    let ours = String::from_utf8(ours.stdout).unwrap();
    both(&words, |_| {}, |outcome| assert_eq!(outcome.stdout, ours));
}

/// A1.27, A4.60, A4.67
#[test]
fn root_becomes_the_user_and_others_may_not() {
    let user = |spec: &mut ChildSpec<'_>| {
        spec.user = Some(ChildUser::Known { uid: NOBODY, gid: 65_533, groups: vec![65_533, 42, 43] });
    };
    if nix::unistd::getuid().is_root() {
        both(&["/bin/sh", "-c", "id -u; id -g; id -G"], user, |outcome| {
            assert_eq!(outcome.stdout, "65534\n65533\n65533 42 43\n");
        });
    } else {
        let root = |spec: &mut ChildSpec<'_>| spec.user = Some(ChildUser::look_up(0));
        let refused = "supervisor: couldn't setuid to 0: Can't drop privilege as nonroot user";
        both(&["/bin/true"], root, failed(refused));
    }
}

/// A4.60
#[test]
fn the_directory_is_entered_as_the_user() {
    if !nix::unistd::getuid().is_root() {
        return;
    }
    let private = TestDir::new();
    std::fs::set_permissions(private.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let spec = |spec: &mut ChildSpec<'_>| {
        spec.user = Some(ChildUser::Known { uid: NOBODY, gid: NOBODY, groups: vec![NOBODY] });
        spec.directory = Some(private.path().to_owned());
    };
    let text = format!("supervisor: couldn't chdir to {}: EACCES", private.path().display());
    both(&["/bin/true"], spec, failed(&text));
}

/// A4.70
#[test]
fn a_user_that_is_not_known_is_told() {
    let user = |spec: &mut ChildSpec<'_>| spec.user = Some(ChildUser::Unknown { uid: 99_999 });
    both(&["/bin/true"], user, failed("supervisor: couldn't setuid to 99999: Can't find uid 99999"));
}

/// A1.26: to run as the user we are needs no rights and changes no groups.
#[test]
fn becoming_oneself_is_nothing() {
    let uid = nix::unistd::getuid().as_raw();
    let user = |spec: &mut ChildSpec<'_>| spec.user = Some(ChildUser::Known { uid, gid: 12_345, groups: vec![12_345] });
    both(&["/bin/sh", "-c", "id -G"], user, |outcome| {
        assert_eq!(outcome.code, 0);
        assert!(!outcome.stdout.contains("12345"), "{outcome:?}");
    });
}

#[test]
fn the_daemon_can_be_dumped_after_a_child_changed_its_user() {
    let dumpable = || nix::sys::prctl::get_dumpable().unwrap();
    let before = dumpable();
    run(as_the_daemon, &["/bin/true"], |spec| {
        spec.user = Some(ChildUser::Known { uid: NOBODY, gid: NOBODY, groups: vec![NOBODY] });
    });
    assert_eq!(dumpable(), before);
}
