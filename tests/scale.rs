//! Reading a configuration takes as long as it is large, and not as its square.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::time::{Duration, Instant};
use supervisord::config::{Source, load};

/// A busy machine may take so much longer for the large one than it should; a
/// square would be forty times as much.
const SLACK: u32 = 2;

const FEW: u32 = 500;
const MANY: u32 = 20_000;

/// How long `count` programs take, each with a group, an unknown key, and a
/// variable that is worth a warning.
fn took(count: u32) -> Duration {
    let folder = std::env::temp_dir().join(format!("sv-scale-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let one = |number| {
        format!(
            "[program:p{number}]\ncommand=x\nenvironment=A=\"'{number}'\"\nzz=\n[group:g{number}]\nprograms=p{number}\n"
        )
    };
    let programs: String = (0..count).map(one).collect();
    fs::write(folder.join("s.conf"), format!("[supervisord]\n{programs}")).unwrap();
    let source = Source { path: Some("s.conf".into()), cwd: folder.clone(), ..Source::default() };
    let start = Instant::now();
    let config = load(&source).unwrap();
    let took = start.elapsed();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(config.groups.len(), usize::try_from(count).unwrap());
    took
}

#[test]
fn twenty_thousand_sections_take_forty_times_as_long_as_five_hundred() {
    let few = (0..5).map(|_| took(FEW)).min().unwrap();
    let most = few * (MANY / FEW) * SLACK;
    assert!((0..3).any(|_| took(MANY) < most), "{FEW} take {few:?}, and {MANY} more than {most:?}");
}
