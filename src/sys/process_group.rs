//! Who is in a process group: the cheap question whether anybody is, and the
//! walk through /proc that names them.

use super::stat::Stat;
use std::collections::BTreeMap;
use std::fs;
use std::io;

/// The number of a process's group in its line, as in proc(5).
const GROUP: usize = 5;

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
        let Ok(stat) = Stat::read(entry.path().join("stat")) else { continue };
        let Some((group, name)) = living(&stat) else { continue };
        // A /proc of another pid namespace would tell of strangers.
        if let Some(members) = found.get_mut(&group).filter(|_| group_of(pid) == group) {
            members.push((pid, name));
        }
    }
    found.values_mut().for_each(|members| members.sort_unstable());
    Ok(found)
}

/// The group and the name of the process that a line is about, if it lives.
fn living(stat: &Stat) -> Option<(i32, String)> {
    let group = stat.number(GROUP)?;
    (!stat.is_dead()).then(|| (group, stat.name().replace(char::is_control, "?")))
}

fn group_of(pid: i32) -> i32 {
    // SAFETY: takes a number and answers with one; -1 is no group.
    unsafe { libc::getpgid(pid) }
}

#[cfg(test)]
mod tests {
    use super::{Stat, exists, living, members};
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    #[test]
    fn a_name_is_shown_on_one_line() {
        let found = living(&Stat::of(b"12 (two\nlines\x1b) S 1 7 7 0 -1\n"));
        assert_eq!(found, Some((7, "two?lines?".to_owned())));
    }

    #[test]
    fn the_dead_and_what_is_no_process_are_left_out() {
        for line in ["12 (sh) Z 1 7 7 0 -1\n", "12 (sh) X 1 7 7 0 -1\n", "", "12 (sh) S 1", "12 (sh) S 1 x"] {
            assert_eq!(living(&Stat::of(line.as_bytes())), None, "{line:?}");
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
