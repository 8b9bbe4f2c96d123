//! Who is in a process group: the cheap question whether anybody is, and the
//! walk through /proc that names them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Whether the group has a process, be it only one that is dead and not buried.
#[must_use]
pub fn exists(pgid: i32) -> bool {
    // Signal 0 would go to everybody for group 1, and to our own for group 0.
    // SAFETY: takes two numbers and touches no memory of ours.
    pgid > 1 && (unsafe { libc::kill(-pgid, 0) } == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH))
}

/// The living processes of each of `groups`, with pid and name, by one walk
/// through all processes of the machine. That may take long; not for a thread
/// that others wait for.
///
/// # Errors
/// There is no /proc.
pub fn members(groups: &[i32]) -> io::Result<BTreeMap<i32, Vec<(i32, String)>>> {
    let mut found: BTreeMap<i32, Vec<(i32, String)>> = groups.iter().map(|group| (*group, vec![])).collect();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Whoever has ended in between has no file any more.
        let Some((group, name)) = living(&entry.path()) else { continue };
        // A /proc of another pid namespace would tell of strangers.
        if let Some(members) = found.get_mut(&group).filter(|_| group_of(pid) == group) {
            members.push((pid, name));
        }
    }
    found.values_mut().for_each(|members| members.sort_unstable());
    Ok(found)
}

/// The group and the name of the process with this folder in /proc, if it lives.
fn living(folder: &Path) -> Option<(i32, String)> {
    parse(&fs::read(folder.join("stat")).ok()?)
}

/// From `PID (NAME) STATE PARENT GROUP ...`; the name may hold anything.
fn parse(stat: &[u8]) -> Option<(i32, String)> {
    let stat = String::from_utf8_lossy(stat);
    let (_, rest) = stat.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let dead = matches!(fields.next()?, "Z" | "X" | "x");
    let group = fields.nth(1)?.parse().ok()?;
    let name = name.replace(char::is_control, "?");
    (!dead).then_some((group, name))
}

fn group_of(pid: i32) -> i32 {
    // SAFETY: takes a number and answers with one; -1 is no group.
    unsafe { libc::getpgid(pid) }
}

#[cfg(test)]
mod tests {
    use super::{exists, members, parse};
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    #[test]
    fn a_name_may_hold_what_separates_the_fields() {
        let named = |name: &str| Some((7, name.to_owned()));
        assert_eq!(parse(b"12 (sh) S 1 7 7 0 -1\n"), named("sh"));
        assert_eq!(parse(b"12 (a) R (b) S 1 7 7 0 -1\n"), named("a) R (b"));
        assert_eq!(parse(b"12 (two\nlines\x1b) S 1 7 7 0 -1\n"), named("two?lines?"));
    }

    #[test]
    fn the_dead_and_what_is_no_process_are_left_out() {
        for stat in ["12 (sh) Z 1 7 7 0 -1\n", "12 (sh) X 1 7 7 0 -1\n", "", "12 (sh", "12 (sh) S 1", "12 (sh) S 1 x"] {
            assert_eq!(parse(stat.as_bytes()), None, "{stat:?}");
        }
    }

    #[test]
    fn a_group_outlives_its_leader_and_tells_who_is_left() {
        let mut leader = Command::new("/bin/sh");
        leader
            .args(["-c", "sleep 1000 >/dev/null 2>&1 & echo $!; read line"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut leader = leader.process_group(0).spawn().unwrap();
        let group = i32::try_from(leader.id()).unwrap();
        let mut line = String::new();
        let mut stdout = std::io::BufReader::new(leader.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
        let child: i32 = line.trim().parse().unwrap();
        drop(leader.stdin.take());
        leader.wait().unwrap();

        let there = exists(group);
        let found = members(&[group, i32::MAX]).unwrap().remove(&group).unwrap();
        crate::sys::kill::kill(child, crate::model::Signal::KILL).unwrap();
        assert!(there);
        // it is called as the shell is until it has become another program
        assert!(
            matches!(&found[..], [(pid, name)] if *pid == child && ["sh", "sleep"].contains(&name.as_str())),
            "{found:?}"
        );
    }

    #[test]
    fn a_group_that_cannot_be_is_empty() {
        assert_eq!([0, 1, -5, i32::MAX].map(exists), [false; 4]);
        assert!(members(&[i32::MAX]).unwrap()[&i32::MAX].is_empty());
    }
}
