//! Colours, for a terminal only: what a script reads never has any.

/// When lines are coloured, as `--color` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// On a terminal that can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// The word behind `--color`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)]
            .into_iter()
            .find_map(|(name, when)| (name == word).then_some(when))
    }
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    coloured: bool,
}

/// A colour of a terminal, as the number that sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(u8);

impl Colour {
    /// For what is well.
    pub const GREEN: Self = Self(32);
    /// For what is on its way.
    pub const YELLOW: Self = Self(33);
    /// For what went wrong.
    pub const RED: Self = Self(31);
    /// For what is not meant to be.
    pub const GREY: Self = Self(90);

    /// Different ones for different processes.
    #[must_use]
    pub fn nth(index: usize) -> Self {
        const CYCLE: [u8; 6] = [36, 33, 32, 35, 34, 96];
        Self(CYCLE.get(index % CYCLE.len()).copied().unwrap_or_default())
    }

    /// The colour of a state by its name; none for one we do not know.
    #[must_use]
    pub fn of_state(name: &str) -> Option<Self> {
        Some(match name {
            "RUNNING" => Self::GREEN,
            "STARTING" | "STOPPING" => Self::YELLOW,
            "BACKOFF" | "FATAL" | "UNKNOWN" => Self::RED,
            "STOPPED" | "EXITED" => Self::GREY,
            _ => return None,
        })
    }
}

impl Style {
    /// No colours.
    pub const PLAIN: Self = Self { coloured: false };

    /// What `when` means for an output that is or is no terminal. `variable`
    /// reads the environment.
    #[must_use]
    pub fn choose(when: When, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let may = || {
            let unwanted = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
            terminal && !unwanted && variable("TERM").is_some_and(|term| term != "dumb")
        };
        Self { coloured: when == When::Always || (when == When::Auto && may()) }
    }

    /// The text, in that colour if colours are wanted.
    #[must_use]
    pub fn paint(self, colour: Option<Colour>, text: &str) -> String {
        match colour {
            Some(Colour(number)) if self.coloured && !text.is_empty() => format!("\x1b[{number}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }

    /// The same in a column of `width` characters: blanks follow, in no colour, and
    /// what sets the colour takes no room. Rust's own `{:<width$}` panics when names
    /// of 65,536 characters make the column.
    #[must_use]
    pub fn cell(self, colour: Option<Colour>, text: &str, width: usize) -> String {
        let gap = " ".repeat(width.saturating_sub(text.chars().count()));
        self.paint(colour, text) + &gap
    }
}

#[cfg(test)]
mod tests {
    use super::{Colour, Style, When};

    fn coloured(when: When, terminal: bool, set: &[(&str, &str)]) -> bool {
        let variable = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Style::choose(when, terminal, variable).coloured
    }

    #[test]
    fn only_a_terminal_that_can_is_coloured_by_itself() {
        let xterm = ("TERM", "xterm");
        assert!(coloured(When::Auto, true, &[xterm]));
        assert!(coloured(When::Auto, true, &[xterm, ("NO_COLOR", "")]));
        assert!(!coloured(When::Auto, true, &[xterm, ("NO_COLOR", "1")]));
        assert!(!coloured(When::Auto, true, &[("TERM", "dumb")]));
        assert!(!coloured(When::Auto, true, &[]));
        assert!(!coloured(When::Auto, false, &[xterm]));
        assert!(coloured(When::Always, false, &[("NO_COLOR", "1")]));
        assert!(!coloured(When::Never, true, &[xterm]));
    }

    #[test]
    fn without_colours_a_text_is_itself() {
        assert_eq!(Style::PLAIN.paint(Some(Colour::RED), "FATAL"), "FATAL");
        let style = Style { coloured: true };
        assert_eq!(style.paint(Colour::of_state("RUNNING"), "RUNNING"), "\x1b[32mRUNNING\x1b[0m");
        assert_eq!(style.paint(Colour::of_state("NEW"), "NEW"), "NEW");
        assert_eq!(Colour::nth(0), Colour::nth(6));
    }

    #[test]
    fn a_cell_is_as_wide_with_a_colour_as_without() {
        assert_eq!(Style::PLAIN.cell(Some(Colour::RED), "café", 6), "café  ");
        assert_eq!(Style { coloured: true }.cell(Some(Colour::RED), "café", 6), "\x1b[31mcafé\x1b[0m  ");
        assert_eq!(Style::PLAIN.cell(None, "longer", 3), "longer");
    }
}
