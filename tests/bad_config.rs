//! Configuration files that are none, given to the program itself: a sentence,
//! status 2, and neither a hang nor more memory than [`MOST_KB`].

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands")]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Address space of the daemon, in KiB.
const MOST_KB: u32 = 600_000;

/// An account that owns nothing.
const NOBODY: u32 = 65_534;

/// Beyond any busy machine, and short of for ever.
const LONGEST: Duration = Duration::from_secs(60);

/// A folder of its own, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sv-bad-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    /// What `program` says about `name`, in bounded memory.
    fn said_by(&self, mut shell: Command, program: &Path, name: &str) -> Output {
        let limited = format!("ulimit -v {MOST_KB}; exec \"$0\" \"$@\"");
        let start = Instant::now();
        let output = shell.arg("-c").arg(limited).arg(program).args(["-n", "-c", name]).current_dir(&self.0).output();
        assert!(start.elapsed() < LONGEST, "{name} took {:?}", start.elapsed());
        output.unwrap()
    }

    /// The first line of the error about `name`, without `Error: `.
    fn sentence(&self, name: &str) -> String {
        sentence(&self.said_by(Command::new("sh"), Path::new(env!("CARGO_BIN_EXE_supervisord")), name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sentence(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let sentence = said.lines().next().and_then(|line| line.strip_prefix("Error: "));
    assert_eq!(
        (output.status.code(), said.lines().last().map(|line| line.contains("For help, use"))),
        (Some(2), Some(true)),
        "{said}"
    );
    sentence.unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// A1.5, A1.19
#[test]
fn what_is_no_file_of_text_is_refused() {
    let folder = Folder::new("kinds");
    File::create(folder.0.join("sparse.conf")).unwrap().set_len(1 << 30).unwrap();
    symlink("nowhere", folder.0.join("dangling.conf")).unwrap();
    symlink("loop.conf", folder.0.join("loop.conf")).unwrap();
    nix::unistd::mkfifo(&folder.0.join("pipe.conf"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    folder.write("nul.conf", b"[supervisord]\n\nlogfile=\0\n");
    folder.write("latin1.conf", b"[supervisord]\nidentifier=caf\xe9\n");
    folder.write("utf16.conf", b"\xff\xfe[\0s\0]\0");
    for (name, expected) in [
        ("sparse.conf", "config file sparse.conf brings the configuration above 67108864 bytes"),
        ("dangling.conf", "could not find config file dangling.conf"),
        ("loop.conf", "could not find config file loop.conf"),
        ("pipe.conf", "config file pipe.conf is a pipe or a terminal, and its end did not come"),
        (".", "could not read config file ."),
        ("nul.conf", "config file nul.conf has a NUL byte in line 3, so it is no text file"),
        ("latin1.conf", "'utf-8' codec can't decode byte 0xe9 in position 28: invalid continuation byte"),
        ("/dev/zero", "config file /dev/zero brings the configuration above 67108864 bytes"),
        ("/dev/null", ".ini file does not include supervisord section"),
    ] {
        assert_eq!(folder.sentence(name), expected, "{name}");
    }
    assert!(folder.sentence("utf16.conf").contains("NUL byte in line 1"));
}

/// A1.19
#[test]
fn a_file_that_may_not_be_read_is_refused() {
    let folder = Folder::new("rights");
    folder.write("s.conf", "[supervisord]\n");
    fs::set_permissions(folder.0.join("s.conf"), Permissions::from_mode(0o000)).unwrap();
    let mut shell = Command::new("sh");
    let program = folder.0.join("supervisord");
    // Written by another process: a child that a test beside this one makes would
    // hold it open for writing for a moment, and then nobody may run it.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_supervisord")).arg(&program).status().unwrap();
    assert!(copied.success(), "{copied}");
    if nix::unistd::geteuid().is_root() {
        shell.uid(NOBODY).gid(NOBODY);
    }
    assert_eq!(sentence(&folder.said_by(shell, &program, "s.conf")), "could not read config file s.conf");
}

#[test]
fn what_is_too_much_is_refused_in_bounded_memory() {
    let folder = Folder::new("much");
    let sections: String = (0..=100_000).map(|number| format!("[program:p{number}]\ncommand=x\n")).collect();
    folder.write("sections.conf", &sections);
    folder.write("line.conf", format!("[supervisord]\nidentifier={}\n", "x".repeat(10 << 20)));
    folder.write(
        "lines.conf",
        format!("[supervisord]\nidentifier=x\n{}", format!(" {}\n", "x".repeat(1_000)).repeat(5_000)),
    );
    folder.write("bad.conf", format!("[supervisord]\n{}", "x\n".repeat(200_000)));
    folder.write(
        "numprocs.conf",
        "[supervisord]\n[program:a]\ncommand=x\nprocess_name=%(process_num)d\nnumprocs=1000000\n",
    );
    folder.write("includes.conf", format!("[supervisord]\n[include]\nfiles={}\n", "one.ini ".repeat(10_001)));
    folder.write("one.ini", "[program:a]\ncommand=x\n");
    folder.write("large.conf", format!("[supervisord]\n[include]\nfiles={}\n", "large.ini ".repeat(100)));
    folder.write("large.ini", format!("[program:a]\n{}", format!("#{}\n", "x".repeat(1 << 20)).repeat(10)));
    let here = folder.0.display();
    for (name, expected) in [
        ("sections.conf", "sections.conf brings the number of sections above 100000".to_owned()),
        ("line.conf", "What begins in line 2 of line.conf is longer than 4194304 bytes".to_owned()),
        ("lines.conf", "What begins in line 2 of lines.conf is longer than 4194304 bytes".to_owned()),
        ("bad.conf", "Source contains parsing errors: 'bad.conf'".to_owned()),
        ("includes.conf", "[include] names more than 10000 files".to_owned()),
        ("large.conf", format!("config file {here}/large.ini brings the configuration above 67108864 bytes")),
        (
            "numprocs.conf",
            "numprocs brings the number of processes above 100000 in section 'program:a' (file: 'numprocs.conf')"
                .to_owned(),
        ),
    ] {
        assert_eq!(folder.sentence(name), expected, "{name}");
    }
}
