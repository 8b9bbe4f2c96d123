//! Patterns of `[include] files`, by the rules of Python's `glob` (A2.32).
//! Asks a [`World`] for names; sorts nothing.

use super::paths::{join, split};
use super::world::World;

/// Everything that an absolute `pattern` matches. Without a wildcard it is the
/// path itself, if it exists.
#[must_use]
pub fn glob(pattern: &str, world: &dyn World) -> Vec<String> {
    matches(pattern, world, false)
}

fn matches(pattern: &str, world: &dyn World, directories: bool) -> Vec<String> {
    let (parent, last) = split(pattern);
    if !has_magic(pattern) {
        let found = if last.is_empty() { world.is_dir(pattern) } else { world.lexists(pattern) };
        return if found { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let parents =
        if parent != pattern && has_magic(parent) { matches(parent, world, true) } else { vec![parent.to_owned()] };
    let inside = |parent: &String| {
        let names = names_in(parent, last, world);
        let paths = names.into_iter().map(|name| join(parent, &name));
        paths.filter(|path| !directories || world.is_dir(path)).collect::<Vec<_>>()
    };
    parents.iter().flat_map(inside).collect()
}

fn names_in(parent: &str, last: &str, world: &dyn World) -> Vec<String> {
    if has_magic(last) {
        let visible = |name: &String| last.starts_with('.') || !name.starts_with('.');
        return world.list(parent).into_iter().filter(visible).filter(|name| fnmatch(name, last)).collect();
    }
    let path = join(parent, last);
    let found = if last.is_empty() { world.is_dir(parent) } else { world.lexists(&path) };
    if found { vec![last.to_owned()] } else { Vec::new() }
}

fn has_magic(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

/// One piece of a pattern.
enum Piece {
    Any,
    One,
    Char(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Char(own) => *own == c,
            Self::Set { negated, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated,
        }
    }
}

/// Whether a whole name matches. A bracket that is never closed is a character.
#[must_use]
pub fn fnmatch(name: &str, pattern: &str) -> bool {
    let pieces = pieces(pattern);
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut piece) = (0, 0);
    let mut retry = None;
    while let Some(c) = name.get(at) {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                retry = Some((at, piece + 1));
                piece += 1;
            }
            Some(one) if one.takes(*c) => (at, piece) = (at + 1, piece + 1),
            // give the last star one character more
            _ => match retry {
                Some((from, after)) => {
                    retry = Some((from + 1, after));
                    (at, piece) = (from + 1, after);
                }
                None => return false,
            },
        }
    }
    pieces.iter().skip(piece).all(|rest| matches!(rest, Piece::Any))
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        at += 1;
        pieces.push(match c {
            '*' => Piece::Any,
            '?' => Piece::One,
            '[' => match set(chars.get(at..).unwrap_or_default()) {
                Some((set, length)) => {
                    at += length;
                    set
                }
                None => Piece::Char('['),
            },
            c => Piece::Char(*c),
        });
    }
    pieces
}

/// A set and its length with the closing bracket. A `]` in front is a member.
fn set(rest: &[char]) -> Option<(Piece, usize)> {
    let negated = rest.first() == Some(&'!');
    let start = usize::from(negated);
    let close = rest.iter().enumerate().skip(start + 1).find(|(_, c)| **c == ']').map(|(at, _)| at)?;
    let members = rest.get(start..close)?;
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(low) = members.get(at) {
        match (members.get(at + 1), members.get(at + 2)) {
            (Some('-'), Some(high)) => {
                ranges.push((*low, *high));
                at += 3;
            }
            _ => {
                ranges.push((*low, *low));
                at += 1;
            }
        }
    }
    Some((Piece::Set { negated, ranges }, close + 1))
}

#[cfg(test)]
mod tests {
    use super::{fnmatch, glob};
    use crate::config::fake::Fake;

    /// A2.32
    #[test]
    fn names_match_as_in_pythons_fnmatch() {
        for (name, pattern) in [
            ("a.conf", "*.conf"),
            ("ab", "a?"),
            ("a1", "a[0-9]"),
            ("ax", "a[!0-9]"),
            ("a]", "a[]]"),
            ("a[b", "a[b"),
            ("a-", "a[x-]"),
            ("aXbXc", "a*b*c"),
            ("**", "[*][*]"),
            ("", "**"),
        ] {
            assert!(fnmatch(name, pattern), "{name:?} {pattern:?}");
        }
        for (name, pattern) in [("a.conf", "*.con"), ("a", "a?"), ("a1", "a[!0-9]"), ("ab", "a[c-a]"), ("A", "a")] {
            assert!(!fnmatch(name, pattern), "{name:?} {pattern:?}");
        }
    }

    /// A2.32
    #[test]
    fn wildcards_go_through_directories_but_not_to_hidden_names() {
        let world =
            Fake::new().file("/c/a.ini", "").file("/c/.h.ini", "").file("/c/d/b.ini", "").file("/c/d/e/f.ini", "");
        assert_eq!(glob("/c/*.ini", &world), ["/c/a.ini"]);
        assert_eq!(glob("/c/.*.ini", &world), ["/c/.h.ini"]);
        assert_eq!(glob("/c/**/*.ini", &world), ["/c/d/b.ini"], "** is not recursive");
        assert_eq!(glob("/c/*/b.ini", &world), ["/c/d/b.ini"]);
        assert_eq!(glob("/c/d", &world), ["/c/d"]);
        assert_eq!(glob("/c/{a,b}.ini", &world), [""; 0]);
    }
}
