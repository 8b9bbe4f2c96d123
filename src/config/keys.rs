//! The table of all sections and keys: type, default, since when, what for.
//!
//! The builder reads its defaults here and nowhere else; the list of unknown
//! keys, the reference page and the check of the sample file read it, too.

pub mod eventlistener;
pub mod fcgi;
pub mod group;
pub mod http;
pub mod plugin;
pub mod program;
pub mod supervisorctl;
pub mod supervisord;

/// One key of one kind of section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// In lower case, as options are folded.
    pub name: &'static str,
    /// What its text must be.
    pub kind: Kind,
    /// The text that stands for a missing one; `None` is a state of its own.
    pub default: Option<&'static str>,
    /// The release that brought it: upstream's, or `ours`.
    pub since: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
    /// What a value of the right type must still keep to; empty for most.
    pub limit: &'static str,
}

/// What the text of a key must be (A3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Text,
    /// A whole number.
    Integer,
    /// A truth.
    Boolean,
    /// Bytes, with a unit.
    ByteSize,
    /// A mode or mask in octal.
    Octal,
    /// A signal.
    Signal,
    /// Exit codes with commas.
    ExitCodes,
    /// A truth, or `unexpected`.
    AutoRestart,
    /// A level of the activity log.
    LogLevel,
    /// A user.
    User,
    /// `user:group`.
    UserGroup,
    /// A directory that exists.
    Directory,
    /// A file in a directory that exists.
    DirPath,
    /// A path as it is.
    Path,
    /// A child's log.
    LogfileName,
    /// `host:port`.
    InetAddress,
    /// `unix:///path` or `tcp://host:port`.
    Socket,
    /// A URL.
    Url,
    /// Words with commas.
    List,
    /// Paths with white space between them.
    Patterns,
    /// The name of a process, with expansions.
    Name,
    /// `KEY="value"` with commas.
    Environment,
    /// A Python object by name; only the standard one is built in.
    Factory,
    /// `refuse` or `ignore`.
    Foreign,
    /// `characters` or `bytes`.
    LenUnit,
}

/// A kind of section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// The whole name, or what stands before the colon.
    pub name: &'static str,
    /// Whether a colon and a name follow.
    pub named: bool,
    /// Its own keys, then those it shares with programs.
    pub keys: &'static [&'static [Key]],
}

/// All kinds, in the order of the sample file.
pub const SECTIONS: &[Section] = &[
    Section { name: "unix_http_server", named: false, keys: &[http::UNIX] },
    Section { name: "inet_http_server", named: false, keys: &[http::INET] },
    Section { name: "supervisord", named: false, keys: &[supervisord::KEYS] },
    Section { name: "rpcinterface", named: true, keys: &[plugin::RPCINTERFACE] },
    Section { name: "supervisorctl", named: false, keys: &[supervisorctl::KEYS] },
    Section { name: "ctlplugin", named: true, keys: &[plugin::CTLPLUGIN] },
    Section { name: "program", named: true, keys: &[program::KEYS] },
    Section { name: "eventlistener", named: true, keys: &[eventlistener::KEYS, program::KEYS] },
    Section { name: "fcgi-program", named: true, keys: &[fcgi::KEYS, program::KEYS] },
    Section { name: "group", named: true, keys: &[group::KEYS] },
    Section { name: "include", named: false, keys: &[group::INCLUDE] },
];

/// The kind of section that `name` heads: HTTP servers count by their prefix
/// (A3.30), the others by what stands before the colon.
#[must_use]
pub fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|kind| match name.strip_prefix(kind.name) {
        Some(_) if kind.name.ends_with("_http_server") => true,
        Some(rest) if kind.named => rest.starts_with(':'),
        Some(rest) => rest.is_empty(),
        None => false,
    })
}

impl Section {
    /// The key of this name; a kind's own row comes before the shared one.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().flat_map(|rows| rows.iter()).find(|key| key.name == name)
    }
}

/// Writes each row as a constant, and all of them as one list.
macro_rules! keys {
    ($list:ident:
        $($id:ident $name:literal $kind:ident $default:expr, $since:literal, $doc:literal $(, $limit:literal)?;)+
    ) => {
        $(
            #[doc = concat!("`", $name, "=`: ", $doc)]
            pub const $id: $crate::config::keys::Key = $crate::config::keys::Key {
                name: $name,
                kind: $crate::config::keys::Kind::$kind,
                default: $default,
                since: $since,
                doc: $doc,
                limit: concat!($($limit)?),
            };
        )+
        /// All rows of this list, in the order of the reference page.
        pub const $list: &[$crate::config::keys::Key] = &[$($id),+];
    };
}
use keys;

#[cfg(test)]
mod tests {
    use super::{SECTIONS, section};
    use std::collections::BTreeSet;

    #[test]
    fn every_key_is_written_once_and_folded() {
        for kind in SECTIONS {
            for rows in kind.keys {
                let names: BTreeSet<_> = rows.iter().map(|key| key.name).collect();
                assert_eq!(names.len(), rows.len(), "[{}]", kind.name);
                for key in *rows {
                    assert_eq!(key.name, key.name.to_lowercase());
                    assert!(key.doc.ends_with('.') && !key.since.is_empty(), "{}", key.name);
                    assert!(key.limit.is_empty() || key.limit.ends_with('.'), "{}", key.name);
                }
            }
        }
    }

    /// A2.15, A3.30
    #[test]
    fn sections_are_known_by_their_exact_head() {
        let kind = |name| section(name).map(|kind| kind.name);
        assert_eq!(kind("program:a"), Some("program"));
        assert_eq!(kind("inet_http_serverx"), Some("inet_http_server"));
        for name in ["PROGRAM:a", " program:a ", "program", "programs:a", "supervisord2", "include:x"] {
            assert_eq!(kind(name), None, "{name:?}");
        }
    }

    /// A3.73
    #[test]
    fn a_kinds_own_row_hides_the_shared_one() {
        let default = |name| section(name).and_then(|kind| kind.key("priority")).and_then(|key| key.default);
        assert_eq!(default("eventlistener:a"), Some("-1"));
        assert_eq!(default("fcgi-program:a"), Some("999"));
    }
}
