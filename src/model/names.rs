//! Names of processes as users type them and as we print them (B1.4, A4.96).

use std::fmt;

/// What a client's name means: one process, or all of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NameSpec {
    /// The group.
    pub group: String,
    /// The process in it; `None` for `group:*` and `group:`.
    pub process: Option<String>,
}

impl NameSpec {
    /// Splits at the first colon; a name without one is a process alone in its
    /// group. Nothing is trimmed and no other wildcard exists.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let (group, process) = Self::split(name);
        Self { group: group.to_owned(), process: process.map(str::to_owned) }
    }

    /// The same, group and process, for who only looks.
    #[must_use]
    pub fn split(name: &str) -> (&str, Option<&str>) {
        match name.split_once(':') {
            None => (name, Some(name)),
            Some((group, "" | "*")) => (group, None),
            Some((group, process)) => (group, Some(process)),
        }
    }
}

impl fmt::Display for NameSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some(process) => f.write_str(&namespec(&self.group, process)),
            None => write!(f, "{}:*", self.group),
        }
    }
}

/// How a process is shown: `p` when it has its group's name, else `g:p`.
#[must_use]
pub fn namespec(group: &str, process: &str) -> String {
    if group == process { process.to_owned() } else { format!("{group}:{process}") }
}

/// One of a child's two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// fd 1 of the child.
    Stdout,
    /// fd 2 of the child.
    Stderr,
}

impl Channel {
    /// `stdout` or `stderr`, as in file names, events and log lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::NameSpec;

    fn split(name: &str) -> (String, Option<String>) {
        let spec = NameSpec::parse(name);
        (spec.group, spec.process)
    }

    /// B1.4.1, B1.4.3
    #[test]
    fn names_split_at_the_first_colon() {
        let one = |g: &str, p: &str| (g.to_owned(), Some(p.to_owned()));
        assert_eq!(split("cat"), one("cat", "cat"));
        assert_eq!(split("g:p"), one("g", "p"));
        assert_eq!(split("g:p:x"), one("g", "p:x"));
        assert_eq!(split("g:*"), ("g".to_owned(), None));
        assert_eq!(split("g:"), ("g".to_owned(), None));
        assert_eq!(split(""), one("", ""));
    }

    /// B1.4.7
    #[test]
    fn a_process_named_like_its_group_is_shown_short() {
        assert_eq!(NameSpec::parse("cat:cat").to_string(), "cat");
        assert_eq!(NameSpec::parse("g:p").to_string(), "g:p");
        assert_eq!(NameSpec::parse("g:*").to_string(), "g:*");
    }
}
