//! A program of the simulation: what it writes, and the account of its log.

use crate::logs::backlog::{CHUNK, READ};
use crate::logs::made_up::MadeUp;
use crate::model::Channel;
use crate::model::dice::Dice;
use crate::pump::ChannelId;
use memchr::{memchr, memchr_iter, memrchr};
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::path::PathBuf;

/// Bytes of a word; each word is like no other.
const WORD: usize = 8;

/// A line of this length may be none.
const LONG: usize = 200_000;

/// One that runs again and again, and has one log.
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// Nobody's is the activity log.
    pub(super) owner: Option<ChannelId>,
    pub(super) device: u64,
    pub(super) file: MadeUp,
    pub(super) live: Option<Life>,
    pub(super) account: Account,
    /// Of a line that is not written to its end.
    rest: Vec<u8>,
}

/// One of its lives.
pub(super) struct Life {
    /// Where its output goes.
    pub(super) sink: u64,
    /// What is not read yet; a read gives one piece.
    pub(super) pipe: VecDeque<Vec<u8>>,
}

/// What became of all that the log was given.
#[derive(Default)]
pub(super) struct Account {
    said: Vec<u8>,
    /// Where something began that may be kept though what was before is dropped.
    begins: BTreeSet<usize>,
    /// Bytes that calls have with them.
    pub(super) in_calls: usize,
    /// Bytes that waited when the log was to be emptied.
    pub(super) given_up: usize,
    /// Where its name was opened once more, or what waited was given up because it
    /// should be empty, though a file that is made up keeps what it has: nobody knows
    /// of half a line there.
    anew: BTreeSet<usize>,
    /// Where it was to be emptied last.
    cleared: usize,
    /// Bytes that waited when each outage began, or were kept in it, if that is known.
    pub(super) kept: Vec<Option<u64>>,
    /// The last line is dropped, at least in part, and may go on.
    pub(super) is_cut: bool,
}

impl Program {
    pub(super) fn new(number: u32, device: u64) -> Self {
        let path = PathBuf::from(format!("/made-up-{device}/{number}"));
        let file = MadeUp::new(&path, device);
        let owner = (number > 0).then_some(ChannelId { process: number, channel: Channel::Stdout });
        Self { path, owner, device, file, live: None, account: Account::default(), rest: vec![] }
    }

    /// What a read of its output gives.
    pub(super) fn piece(&mut self, dice: &mut Dice) -> Vec<u8> {
        let wanted = match dice.below(160) {
            0..=7 => 1,
            8..=79 => dice.below(60),
            80..=154 => dice.below(400),
            155..=158 => dice.below(8000),
            _ => dice.below(2 * READ as u64),
        };
        let wanted = usize::try_from(wanted).unwrap().clamp(1, READ);
        let mut piece = std::mem::take(&mut self.rest);
        while piece.len() < wanted {
            piece.extend(line(dice));
        }
        let end = if dice.one_in(2) { piece.len().min(READ) } else { wanted };
        self.rest = piece.split_off(end);
        piece
    }

    /// It is dead, and its last line has no end.
    pub(super) fn forget_rest(&mut self) {
        self.rest.clear();
    }
}

/// A line of words.
pub(super) fn line(dice: &mut Dice) -> Vec<u8> {
    let words = match dice.below(1000) {
        0 => 1 + dice.below(2 * READ as u64 / WORD as u64),
        1..=10 => 1 + dice.below(1000),
        _ => 1 + dice.below(8),
    };
    let mut line = Vec::new();
    for _ in 0..words {
        let word = (dice.next() & 0x3f3f_3f3f_3f3f_3f3f) + 0x3030_3030_3030_3030;
        line.extend_from_slice(&word.to_le_bytes());
    }
    line.push(b'\n');
    line
}

impl Account {
    /// The log is given `bytes`.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        let begin = self.said.len();
        self.said.extend_from_slice(bytes);
        let first_line = memchr(b'\n', bytes).map(|at| at + 1);
        // long ones are kept in chunks
        let chunks = [0].into_iter().chain(first_line).flat_map(|at| (at..bytes.len()).step_by(CHUNK));
        self.begins.extend(chunks.map(|at| begin + at));
        self.begins.extend(first_line.map(|at| begin + at));
    }

    /// So many of `bytes`, which came last, are `dropped`. Gives how many should be,
    /// because the line that they go on with was dropped.
    pub(super) fn line_goes_on(&mut self, bytes: &[u8], dropped: usize) -> Option<usize> {
        let before = self.said.len() - bytes.len();
        let begin = memrchr(b'\n', &self.said[..before]).map_or(0, |at| at + 1);
        // but its end may be kept
        let rest = memchr(b'\n', bytes).unwrap_or(bytes.len());
        let goes_on = std::mem::replace(&mut self.is_cut, dropped == bytes.len() && !bytes.ends_with(b"\n"));
        (goes_on && before - begin + rest < LONG).then_some(rest)
    }

    /// What comes next begins a file.
    pub(super) fn begin_anew(&mut self) {
        self.anew.insert(self.said.len());
    }

    /// What comes next is to begin one.
    pub(super) fn wants_to_be_empty(&mut self) {
        self.cleared = self.said.len();
    }

    /// That came true, and what waited is given up.
    pub(super) fn was_emptied(&mut self) {
        self.anew.insert(self.cleared);
    }

    /// All that the log was given.
    pub(super) fn said(&self) -> usize {
        self.said.len()
    }

    /// Compares with what was `written`: that must be what was said but for some
    /// gaps. Half a line is ended by its own end, not glued to
    /// another.
    pub(super) fn compare(&self, written: &[u8]) -> Result<(), String> {
        let (mut at, mut to) = (0, 0);
        loop {
            let same = same(&self.said[at..], &written[to..]);
            (at, to) = (at + same, to + same);
            if to == written.len() {
                return Ok(());
            }
            let whole = |text: &[u8]| text.last().is_none_or(|last| *last == b'\n');
            if written[to] == b'\n'
                && !whole(&written[..to])
                && let Some(end) = memchr(b'\n', &self.said[at..])
            {
                (at, to) = (at + end + 1, to + 1);
                continue;
            }
            // the half itself may be given up, but not its end
            if written[to] == b'\n' && self.anew.range(at..).next().is_some() {
                to += 1;
                continue;
            }
            let Some(gap) = self.gap(at, &written[..to], &written[to..]) else {
                let next = String::from_utf8_lossy(&written[to..written.len().min(to + 60)]);
                return Err(format!("byte {to} was never said behind byte {at}: {next:?}"));
            };
            to -= at - gap.start;
            // a long line may go on behind a gap
            let other_line = memchr(b'\n', &self.said[gap.clone()]).is_some();
            let begin = memrchr(b'\n', &self.said[..gap.start]).map_or(0, |end| end + 1);
            // what is left out may end as what is before it does
            let ends = self.said[..gap.start].iter().rev().zip(self.said[..gap.end].iter().rev());
            let alike = ends.take_while(|(one, other)| one == other).count().min(to);
            let is_whole = (to - alike..=to).any(|to| whole(&written[..to]));
            // less than a word may be that of many lines
            let is_short = self::same(&self.said[gap.end..], &written[to..]) < WORD;
            let last = if is_short { self.said.len() } else { gap.end };
            if other_line && !is_whole && self.anew.range(begin..=last).next().is_none() {
                return Err(format!("the half of a line at byte {begin} is glued to that at {}", gap.end));
            }
            at = gap.end;
        }
    }

    /// What is left out so that `next` comes behind the byte `at`. What is left out
    /// may begin as what follows it does.
    fn gap(&self, at: usize, before: &[u8], next: &[u8]) -> Option<Range<usize>> {
        let lines = memchr_iter(b'\n', &self.said[at..]).map(|n| at + n + 1);
        let begins: BTreeSet<usize> = lines.chain(self.begins.range(at..).copied()).collect();
        let mut best = (0, None);
        for overshot in 0..WORD.min(before.len() + 1) {
            let behind = &before[before.len() - overshot..];
            for begin in &begins {
                let Some(said) = self.said.get(*begin..).and_then(|said| said.strip_prefix(behind)) else { continue };
                let same = same(said, next);
                if same > best.0 {
                    best = (same, Some(at - overshot..*begin));
                }
                if same == next.len() || same >= WORD {
                    return best.1;
                }
            }
        }
        best.1
    }
}

/// How far both are the same.
fn same(one: &[u8], other: &[u8]) -> usize {
    let mut same = 0;
    for (one, other) in one.chunks(256).zip(other.chunks(256)) {
        if one.len() == other.len() && one == other {
            same += one.len();
            continue;
        }
        return same + one.iter().zip(other).take_while(|(one, other)| one == other).count();
    }
    same
}
