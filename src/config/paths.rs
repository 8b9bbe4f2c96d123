//! Paths as text, by the rules of Python's `posixpath`. Reads no directory.

use super::world::World;

/// Everything before the last slash; trailing slashes of it go, unless it has
/// nothing else.
#[must_use]
pub fn dirname(path: &str) -> &str {
    split(path).0
}

/// Directory and last part.
#[must_use]
pub fn split(path: &str) -> (&str, &str) {
    let cut = path.rfind('/').map_or(0, |at| at + 1);
    let (head, tail) = path.split_at(cut);
    let trimmed = head.trim_end_matches('/');
    (if trimmed.is_empty() { head } else { trimmed }, tail)
}

/// `tail` inside `head`; an absolute `tail` stands alone.
#[must_use]
pub fn join(head: &str, tail: &str) -> String {
    if tail.starts_with('/') || head.is_empty() {
        tail.to_owned()
    } else if head.ends_with('/') {
        format!("{head}{tail}")
    } else {
        format!("{head}/{tail}")
    }
}

/// Without `.`, `..` and doubled slashes. Two leading slashes are kept, three
/// are one, as POSIX wants.
#[must_use]
pub fn normpath(path: &str) -> String {
    let slashes = path.bytes().take_while(|byte| *byte == b'/').count();
    let root = match slashes {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        let climbs = part == ".." && (parts.last().is_some_and(|last| *last != "..") || !root.is_empty());
        if climbs {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let whole = format!("{root}{}", parts.join("/"));
    if whole.is_empty() { ".".to_owned() } else { whole }
}

/// Absolute and normal, against the world's current directory.
#[must_use]
pub fn abspath(path: &str, world: &dyn World) -> String {
    normpath(&join(&world.cwd(), path))
}

/// A leading `~` is `$HOME` or the home of the real user, `~name` the home of
/// that user. Without an answer the text stays.
#[must_use]
pub fn expanduser(path: &str, world: &dyn World) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (name, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = if name.is_empty() {
        let variable = world.environment().into_iter().find(|(key, _)| key == "HOME");
        variable.map(|(_, value)| value).or_else(|| world.user_by_id(world.uid()).map(|user| user.home))
    } else {
        world.user_by_name(name).map(|user| user.home)
    };
    let Some(home) = home else { return path.to_owned() };
    let whole = format!("{}{tail}", home.trim_end_matches('/'));
    if whole.is_empty() { "/".to_owned() } else { whole }
}

/// What the daemon does to its own paths: `~`, absolute, normal (A1.23).
#[must_use]
pub fn normalize(path: &str, world: &dyn World) -> String {
    abspath(&expanduser(path, world), world)
}

#[cfg(test)]
mod tests {
    use super::{expanduser, join, normalize, normpath, split};
    use crate::config::fake::Fake;

    #[test]
    fn paths_split_and_join_as_in_posixpath() {
        assert_eq!(split("/a/b//c"), ("/a/b", "c"));
        assert_eq!(split("//c"), ("//", "c"));
        assert_eq!(split("c"), ("", "c"));
        assert_eq!(split("a/"), ("a", ""));
        assert_eq!(join("/a", "b"), "/a/b");
        assert_eq!(join("/a/", "/b"), "/b");
        assert_eq!(join("", "b"), "b");
    }

    #[test]
    fn paths_become_normal_as_in_posixpath() {
        for (path, normal) in [
            ("", "."),
            ("/", "/"),
            ("//a/b", "//a/b"),
            ("///a", "/a"),
            ("/../a", "/a"),
            ("a/../..", ".."),
            ("../../a", "../../a"),
            ("/a/./b//../c/", "/a/c"),
        ] {
            assert_eq!(normpath(path), normal, "{path:?}");
        }
    }

    /// A1.15, A1.23
    #[test]
    fn a_tilde_is_a_home_and_paths_are_relative_to_the_start() {
        let world = Fake::new().env("HOME", "/homes/me/").user("you", 7, 7);
        assert_eq!(expanduser("~/x", &world), "/homes/me/x");
        assert_eq!(expanduser("~you/x", &world), "/homes/you/x");
        assert_eq!(expanduser("~nobodyhere/x", &world), "~nobodyhere/x");
        assert_eq!(normalize("logs/../a.log", &world), "/start/a.log");
    }
}
