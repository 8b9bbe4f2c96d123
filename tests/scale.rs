//! Reading a configuration takes as long as it is large, and not as its square.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use nix::time::{ClockId, clock_gettime};
use std::fs;
use std::time::Duration;
use supervisord::config::{Source, load};

/// The large one may take so many times as long as its size says: memory gets
/// farther away. A square would be forty.
const SLACK: u32 = 5;

const FEW: u32 = 500;
const MANY: u32 = 20_000;

/// The processor time that this thread has had, which a busy machine does not
/// add to as it does to the time of day.
fn spent() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

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
    let start = spent();
    let config = load(&source).unwrap();
    let took = spent() - start;
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(config.groups.len(), usize::try_from(count).unwrap());
    took
}

#[test]
fn twenty_thousand_sections_take_no_square_of_what_five_hundred_take() {
    let few = (0..5).map(|_| took(FEW)).min().unwrap();
    let most = few * (MANY / FEW) * SLACK;
    assert!((0..3).any(|_| took(MANY) < most), "{FEW} take {few:?}, and {MANY} more than {most:?}");
}
