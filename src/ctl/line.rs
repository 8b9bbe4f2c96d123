//! A line as typed, cut into command and argument text (B3.6.7).

/// What a line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Nothing but blanks.
    Empty,
    /// A command word and the rest, trimmed.
    Command {
        /// The longest run of ASCII letters, digits and `_` at the start.
        word: &'a str,
        /// What follows, trimmed; needs no blank in between.
        argument: &'a str,
        /// The whole line, trimmed.
        text: &'a str,
    },
    /// No command word at its start.
    Unknown {
        /// The whole line, trimmed.
        text: &'a str,
    },
}

impl<'a> Line<'a> {
    /// Cuts a line.
    #[must_use]
    pub fn parse(line: &'a str) -> Self {
        let text = line.trim();
        if text.is_empty() {
            return Self::Empty;
        }
        if let Some(topic) = text.strip_prefix('?') {
            return Self::Command { word: "help", argument: topic.trim(), text };
        }
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        match text.split_at(end) {
            ("", _) => Self::Unknown { text },
            (word, rest) => Self::Command { word, argument: rest.trim(), text },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    fn command(line: &str) -> Option<(&str, &str)> {
        match Line::parse(line) {
            Line::Command { word, argument, .. } => Some((word, argument)),
            Line::Empty | Line::Unknown { .. } => None,
        }
    }

    /// B3.6.7
    #[test]
    fn the_command_is_the_longest_run_of_word_characters() {
        assert_eq!(command("  status   never   cat "), Some(("status", "never   cat")));
        assert_eq!(command("start-all"), Some(("start", "-all")));
        assert_eq!(command("stärt"), Some(("st", "ärt")));
        assert_eq!(command("_x1:y"), Some(("_x1", ":y")));
    }

    /// B3.6.7
    #[test]
    fn a_question_mark_is_help() {
        for line in ["?status", "? status", " ?  status "] {
            assert_eq!(command(line), Some(("help", "status")), "{line:?}");
        }
        assert_eq!(command("?"), Some(("help", "")));
    }

    /// B3.6.4, B3.6.5
    #[test]
    fn blanks_are_nothing_and_signs_are_unknown() {
        assert_eq!(Line::parse("  \t"), Line::Empty);
        assert_eq!(Line::parse(" !ls "), Line::Unknown { text: "!ls" });
        assert_eq!(Line::parse("-x"), Line::Unknown { text: "-x" });
    }
}
