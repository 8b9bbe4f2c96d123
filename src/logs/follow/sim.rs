//! A follower and a log that is written, rotated step by step, cleared, moved and
//! removed in any order, with looks of any size in between.

use super::tests::append;
use super::{Follow, From, TRUNCATED};
use crate::logs::rotate::part;
use crate::model::dice::{Dice, setting};
use crate::sys::testdir::TestDir;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

const STEPS: u32 = 60;
/// Walks in an ordinary run; `FOLLOW_SEEDS` asks for others.
const SEEDS: u64 = 60;

/// What one walk does with the log.
struct World {
    dice: Dice,
    log: PathBuf,
    writer: File,
    backups: u32,
    /// Moves of a rotation under way, the last one first.
    moves: Vec<(u32, u32)>,
    /// Names that others moved the log to.
    moved: u32,
    last: u64,
    follow: Follow,
    got: String,
}

impl World {
    fn new(dir: &TestDir, mut dice: Dice, backups: u32) -> Self {
        let log = dir.path().join("log");
        append(&log, "");
        let writer = Self::open(&log);
        let follow = Follow::open(&log, From::LastBytes).unwrap();
        let last = dice.below(1000);
        Self { dice, log, writer, backups, moves: vec![], moved: 0, last, follow, got: String::new() }
    }

    fn open(log: &PathBuf) -> File {
        OpenOptions::new().append(true).create(true).open(log).unwrap()
    }

    fn write(&mut self) {
        for _ in 0..=self.dice.below(5) {
            self.last += 1;
            writeln!(self.writer, "{:04}", self.last).unwrap();
        }
    }

    /// One move of a rotation; the log is opened anew behind the last of them.
    fn rotate(&mut self) {
        if self.moves.is_empty() {
            let there = (0..self.backups).filter(|number| part(&self.log, *number).exists());
            self.moves = there.map(|number| (number, number + 1)).collect();
        }
        if let Some((from, to)) = self.moves.pop() {
            fs::rename(part(&self.log, from), part(&self.log, to)).unwrap();
        }
        if self.moves.is_empty() {
            self.writer = Self::open(&self.log);
        }
    }

    fn finish_rotation(&mut self) {
        while !self.moves.is_empty() {
            self.rotate();
        }
    }

    /// As a tool of the system does: the writer may go on with the old file.
    fn move_away(&mut self) {
        self.finish_rotation();
        self.moved += 1;
        if fs::rename(&self.log, self.log.with_extension(format!("old{}", self.moved))).is_err() {
            self.writer = Self::open(&self.log);
        }
    }

    fn look(&mut self) -> bool {
        let most = 1 + self.dice.below(40);
        let bytes = self.follow.next_chunk(usize::try_from(most).unwrap()).unwrap();
        self.got.extend(bytes.iter().map(|bytes| std::str::from_utf8(bytes).unwrap()));
        bytes.is_some()
    }

    /// All that there is. What has become shorter would be taken for longer if it
    /// grew at once.
    fn drain(&mut self) {
        while self.look() {}
    }

    fn clear(&mut self) {
        self.drain();
        self.writer.set_len(0).unwrap();
        self.drain();
    }

    /// The numbers of the lines that have come.
    fn lines(&self) -> Vec<u64> {
        let text = self.got.replace(std::str::from_utf8(TRUNCATED).unwrap(), "");
        assert!(text.is_empty() || text.ends_with('\n'), "half a line: {:?}", self.got);
        text.lines().map(|line| line.parse().unwrap_or_else(|_| panic!("{line:?} in {:?}", self.got))).collect()
    }
}

/// B2.9.8: as long as no part is older than those that are kept.
#[test]
fn a_rotated_log_is_followed_without_a_gap() {
    for seed in 0..setting("FOLLOW_SEEDS", SEEDS) {
        let dir = TestDir::new();
        let mut world = World::new(&dir, Dice(seed), STEPS);
        let first = world.last + 1;
        for _ in 0..STEPS {
            match world.dice.below(4) {
                0 => world.rotate(),
                1 => drop(world.look()),
                2 if world.dice.one_in(3) => world.drain(),
                _ => world.write(),
            }
        }
        world.finish_rotation();
        world.drain();
        assert!(world.lines().into_iter().eq(first..=world.last), "seed {seed}: {first}, {:?}", world.lines());
    }
}

/// B2.9.8, B2.9.9, B2.9.10
#[test]
fn whatever_becomes_of_a_log_no_line_comes_twice_or_in_halves() {
    for seed in 0..setting("FOLLOW_SEEDS", SEEDS) {
        let dir = TestDir::new();
        let mut dice = Dice(seed);
        let backups = u32::try_from(dice.below(3)).unwrap();
        let mut world = World::new(&dir, dice, backups);
        for _ in 0..STEPS {
            match world.dice.below(8) {
                0 | 1 if backups > 0 => world.rotate(),
                2 => world.clear(),
                3 => world.move_away(),
                4 if world.moves.is_empty() => world.writer = World::open(&world.log),
                5 => drop(world.look()),
                6 => world.drain(),
                _ => world.write(),
            }
        }
        world.finish_rotation();
        world.writer = World::open(&world.log);
        world.write();
        world.drain();
        let lines = world.lines();
        assert!(lines.is_sorted_by(|one, next| one < next), "seed {seed}: {lines:?}");
        assert_eq!(lines.last(), Some(&world.last), "seed {seed}");
    }
}
