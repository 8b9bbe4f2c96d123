//! Text in lines that fit on a terminal.

/// Columns of a line.
pub const COLUMNS: usize = 80;

/// The words of `text` behind `head`, in lines of at most [`COLUMNS`] where words
/// allow it; the lines after the first begin with `indent` blanks.
#[must_use]
pub fn wrapped(head: &str, text: &str, indent: usize) -> String {
    let mut out = head.to_owned();
    let mut width = head.chars().count();
    let mut is_first = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !is_first && width + 1 + length > COLUMNS {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            width = indent;
        } else if !is_first {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
        is_first = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, wrapped};

    #[test]
    fn a_line_ends_where_the_next_word_has_no_room() {
        let fits = "x".repeat(COLUMNS - 10);
        assert_eq!(wrapped("head  ", &format!("abc {fits}"), 2), format!("head  abc {fits}"));
        assert_eq!(wrapped("head  ", &format!("abcd {fits} end"), 2), format!("head  abcd\n  {fits} end"));
        assert_eq!(wrapped("head  ", &fits.repeat(2), 2), format!("head  {fits}{fits}"), "no word is cut");
        assert_eq!(wrapped("head", "", 2), "head");
    }
}
