//! How long a configuration takes from its files to checked settings, by the
//! number of programs. Prints the median and the 99th percentile; judges nothing.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may fail where it stands, and prints")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use supervisord::config::{Source, load};

const PROGRAMS: [usize; 3] = [100, 1_000, 10_000];

/// Readings of each size; fewer of the large ones would say little about the
/// 99th percentile.
const ROUNDS: usize = 101;

/// A shape of configuration: its name, and what writes it into a folder.
type Shape = (&'static str, fn(&Path, usize));

const SHAPES: [Shape; 3] = [("one file", one_file), ("a file each", file_each), ("one in groups", in_groups)];

/// A program as people write them.
fn program(number: usize) -> String {
    format!(
        "[program:worker{number}]\ncommand=/usr/bin/env python3 -m app.worker --queue=q{number} --log=%(here)s/log ; a comment\n\
         directory=/tmp\nautorestart=true\nstartsecs=3\nstopsignal=INT\nstopwaitsecs=30\nredirect_stderr=true\n\
         stdout_logfile=/tmp/worker{number}.log\nstdout_logfile_maxbytes=10MB\nstdout_logfile_backups=3\n\
         environment=QUEUE=\"q{number}\",HOME=\"%(ENV_HOME)s\",LANG=\"C.UTF-8\"\n\n"
    )
}

const HEAD: &str = "[supervisord]\nlogfile=/tmp/s.log\npidfile=/tmp/s.pid\n\n[unix_http_server]\nfile=/tmp/s.sock\n\n\
     [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\n";

fn one_file(folder: &Path, programs: usize) {
    let programs: String = (0..programs).map(program).collect();
    fs::write(folder.join("s.conf"), HEAD.to_owned() + &programs).unwrap();
}

fn file_each(folder: &Path, programs: usize) {
    fs::write(folder.join("s.conf"), HEAD.to_owned() + "[include]\nfiles = *.ini\n").unwrap();
    for number in 0..programs {
        fs::write(folder.join(format!("{number}.ini")), program(number)).unwrap();
    }
}

fn in_groups(folder: &Path, programs: usize) {
    one_file(folder, programs);
    let names: Vec<String> = (0..programs).map(|number| format!("worker{number}")).collect();
    let groups = names.chunks(10).enumerate();
    let groups: String =
        groups.map(|(number, names)| format!("[group:g{number}]\nprograms={}\n", names.join(","))).collect();
    let text = fs::read_to_string(folder.join("s.conf")).unwrap();
    fs::write(folder.join("s.conf"), text + &groups).unwrap();
}

/// How long each reading took, sorted.
fn measure(folder: PathBuf, programs: usize) -> Vec<Duration> {
    let source = Source { path: Some("s.conf".into()), cwd: folder, ..Source::default() };
    let read = |_| {
        let start = Instant::now();
        let config = load(&source).unwrap();
        let took = start.elapsed();
        let processes: usize = config.groups.iter().map(|group| group.processes.len()).sum();
        assert_eq!(processes, programs);
        took
    };
    let mut took: Vec<Duration> = (0..ROUNDS).map(read).collect();
    took.sort();
    took
}

fn main() {
    println!("{:14} {:>8} {:>10} {:>10} {:>14}", "shape", "programs", "p50", "p99", "p50 a program");
    for (name, write) in SHAPES {
        for programs in PROGRAMS {
            let folder = std::env::temp_dir().join(format!("sv-bench-{}-{programs}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            write(&folder, programs);
            let took = measure(folder.clone(), programs);
            fs::remove_dir_all(&folder).unwrap();
            let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
            let (p50, p99) = (at(50), at(99));
            let each = p50 / u32::try_from(programs).unwrap();
            println!("{name:14} {programs:8} {p50:>10.2?} {p99:>10.2?} {each:>14.2?}");
        }
    }
}
