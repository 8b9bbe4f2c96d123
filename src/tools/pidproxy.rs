//! pidproxy: runs a command that goes to the background by itself and hands
//! signals on to the pid in its pidfile (A9.1–A9.6).

use crate::model::Signal;
use crate::sys::errno::os_error_text;
use crate::sys::watch::SignalWatch;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{Signal as Kind, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// Handed on to the pid in the pidfile (A9.3).
const FORWARDED: [i32; 6] = [15, 1, 2, 10, 12, 3];
/// Bytes of a pidfile that are looked at.
const PIDFILE_MAX: u64 = 64;

/// Runs pidproxy; `args` are the words behind its name. The exit code is 0
/// whatever the command's was, since restarts are decided by it (A9.5).
pub fn main(args: &[OsString], prog: &str) -> u8 {
    let mut out = io::stdout();
    let [pidfile, command @ ..] = args else { return usage(&mut out, prog) };
    let Some(program) = command.first() else { return usage(&mut out, prog) };
    match run(Path::new(pidfile), &absolute(program), command, &mut out) {
        Ok(code) => code,
        Err(error) => {
            drop(writeln!(io::stderr(), "pidproxy: cannot run {}: {}", program.display(), os_error_text(&error)));
            0
        }
    }
}

fn usage(out: &mut impl Write, prog: &str) -> u8 {
    let text = format!(
        "pidproxy -- run a command and hand signals on to the pid in its pidfile.\n\n\
         TERM, HUP, INT, USR1, USR2 and QUIT go to that pid; after TERM, INT and QUIT\n\
         pidproxy ends, too. Otherwise it ends with the command.\n\n\
         Usage: {prog} <pidfile name> <command> [<cmdarg1> ...]"
    );
    drop(writeln!(out, "{text}"));
    1
}

/// Made absolute against the current folder; no PATH is searched (A9.2).
fn absolute(program: impl AsRef<Path>) -> PathBuf {
    let joined = std::env::current_dir().unwrap_or_default().join(program);
    let mut path = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
    }
    path
}

/// Starts the command and forwards signals until it ends.
fn run(pidfile: &Path, program: &Path, argv: &[OsString], out: &mut impl Write) -> io::Result<u8> {
    let mut watched: Vec<Signal> =
        FORWARDED.iter().filter_map(|number| Signal::from_number((*number).into())).collect();
    watched.push(Signal::CHLD);
    let watch = SignalWatch::new(&watched)?;
    let child = spawn(program, argv, &watch)?;
    loop {
        match watch.next() {
            None => wait(&watch)?,
            Some(Signal::CHLD) => {
                if has_ended(child) {
                    return Ok(0);
                }
            }
            Some(signal) => {
                let forwarded = forward(signal, pidfile, out)?;
                if forwarded && matches!(signal, Signal::TERM | Signal::INT | Signal::QUIT) {
                    return Ok(0);
                }
            }
        }
    }
}

/// Dispositions are inherited as they are; the mask is the one from before.
fn spawn(program: &Path, argv: &[OsString], watch: &SignalWatch) -> io::Result<Pid> {
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_flags(PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK)?;
    attributes.set_sigmask(&watch.mask_before())?;
    let actions = PosixSpawnFileActions::init()?;
    let program = CString::new(program.as_os_str().as_bytes())?;
    let argv: Vec<CString> = argv.iter().map(|word| CString::new(word.as_bytes())).collect::<Result<_, _>>()?;
    let envp: Vec<CString> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let mut pair = name.into_vec();
            pair.push(b'=');
            pair.extend(value.into_vec());
            CString::new(pair).ok()
        })
        .collect();
    Ok(posix_spawn(program.as_c_str(), &actions, &attributes, &argv, &envp)?)
}

fn wait(watch: &SignalWatch) -> io::Result<()> {
    let mut fds = [PollFd::new(watch.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn has_ended(child: Pid) -> bool {
    !matches!(waitpid(child, Some(WaitPidFlag::WNOHANG)), Ok(WaitStatus::StillAlive) | Err(Errno::EINTR))
}

/// Whether the signal was handed on; if not, pidproxy goes on as before.
fn forward(signal: Signal, pidfile: &Path, out: &mut impl Write) -> io::Result<bool> {
    let Some(pid) = read_pid(pidfile) else {
        drop(writeln!(out, "Can't read child pidfile {}!", pidfile.display()));
        return Ok(false);
    };
    match kill(pid, Kind::try_from(signal.number())?) {
        Ok(()) => Ok(true),
        Err(errno) => {
            drop(writeln!(io::stderr(), "pidproxy: cannot signal pid {pid}: {}", errno.desc()));
            // the one it stands for is gone: to go on would wait for nobody
            Ok(errno == Errno::ESRCH)
        }
    }
}

/// The pid in the file. Zero and less would hit whole process groups.
fn read_pid(pidfile: &Path) -> Option<Pid> {
    let mut text = String::new();
    File::open(pidfile).ok()?.take(PIDFILE_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok().filter(|pid| *pid > 0).map(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::{absolute, read_pid};
    use crate::sys::testdir::TestDir;
    use std::path::{Path, PathBuf};

    /// A9.2
    #[test]
    fn a_command_is_looked_up_from_here_and_not_in_the_path() {
        assert_eq!(absolute("/usr/../bin/./sh"), PathBuf::from("/bin/sh"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(absolute("sh"), here.join("sh"));
        assert_eq!(absolute("../x"), here.parent().unwrap().join("x"));
    }

    /// A9.3
    #[test]
    fn only_a_pid_of_one_process_is_taken_from_a_pidfile() {
        let dir = TestDir::new();
        let path = dir.path().join("pid");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_pid(&path).map(nix::unistd::Pid::as_raw)
        };
        assert_eq!(read(" 4711\n"), Some(4711));
        for text in ["", "0", "-1", "x", "12 13"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read_pid(Path::new("/nonexistent")), None);
    }
}
