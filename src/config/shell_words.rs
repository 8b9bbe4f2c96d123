//! Words as Python's `shlex` finds them: all of `command` (A4.41), and the
//! tokens of `environment` in its two modes (A2.92, A2.93).

use thiserror::Error;

/// Why a text has no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShlexError {
    /// A quote stays open.
    #[error("No closing quotation")]
    NoClosingQuotation,
    /// A backslash ends the text.
    #[error("No escaped character")]
    NoEscapedCharacter,
}

/// Splits a command line by POSIX rules: white space separates, quotes and
/// backslashes protect, nothing else is special (A4.41).
///
/// # Errors
/// [`ShlexError`]
pub fn split_command(text: &str) -> Result<Vec<String>, ShlexError> {
    posix(text, Words::Anything)
}

/// What counts as part of a word.
#[derive(Clone, Copy, PartialEq)]
enum Words {
    /// Everything, and no comments.
    Anything,
    /// Names and a few marks; other characters stand alone, `#` starts a comment.
    Environment,
}

impl Words {
    fn takes(self, c: char) -> bool {
        self == Self::Anything || is_legacy_word(c) || ('À'..='ÿ').contains(&c) && c != '×' && c != '÷'
    }

    fn comments(self, c: char) -> bool {
        self == Self::Environment && c == '#'
    }
}

/// Letters, digits and the marks that `environment` adds (A2.80).
fn is_legacy_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '+' | '-' | '(' | ')' | ':')
}

/// White space of `shlex`; form feeds and the rest of Unicode's are text.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The tokens of `environment` in POSIX mode (A2.92).
pub(super) fn posix_tokens(text: &str) -> Result<Vec<String>, ShlexError> {
    posix(text, Words::Environment)
}

fn posix(text: &str, words: Words) -> Result<Vec<String>, ShlexError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars();
    let mut token: Option<String> = None;
    while let Some(c) = chars.next() {
        match c {
            c if is_blank(c) => tokens.extend(token.take()),
            c if words.comments(c) => {
                skip_line(&mut chars);
                tokens.extend(token.take());
            }
            '\'' | '"' => quoted(c, &mut chars, token.get_or_insert_default())?,
            '\\' => token.get_or_insert_default().push(chars.next().ok_or(ShlexError::NoEscapedCharacter)?),
            c if words.takes(c) => token.get_or_insert_default().push(c),
            c => {
                tokens.extend(token.take());
                tokens.push(c.to_string());
            }
        }
    }
    tokens.extend(token);
    Ok(tokens)
}

/// Everything up to the closing `quote`; between double quotes a backslash
/// protects `"` and `\` only.
fn quoted(quote: char, chars: &mut std::str::Chars<'_>, into: &mut String) -> Result<(), ShlexError> {
    loop {
        match chars.next().ok_or(ShlexError::NoClosingQuotation)? {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => {
                let escaped = chars.next().ok_or(ShlexError::NoEscapedCharacter)?;
                if !matches!(escaped, '"' | '\\') {
                    into.push('\\');
                }
                into.push(escaped);
            }
            c => into.push(c),
        }
    }
}

fn skip_line(chars: &mut std::str::Chars<'_>) {
    let _newline = chars.find(|c| *c == '\n');
}

/// The tokens of `environment` as 4.3.0 finds them (A2.93): a quote opens only
/// at the start of a token, stays in it and ends it; a comment inside a word
/// does not end the word.
pub(super) fn legacy_tokens(text: &str) -> Result<Vec<String>, ShlexError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars();
    let mut word = String::new();
    while let Some(c) = chars.next() {
        match c {
            c if is_blank(c) => take_word(&mut word, &mut tokens),
            '#' => skip_line(&mut chars),
            c if is_legacy_word(c) => word.push(c),
            '\'' | '"' if !word.is_empty() => word.push(c),
            '\'' | '"' => {
                let mut token = String::from(c);
                loop {
                    let inner = chars.next().ok_or(ShlexError::NoClosingQuotation)?;
                    token.push(inner);
                    if inner == c {
                        break;
                    }
                }
                tokens.push(token);
            }
            c => {
                take_word(&mut word, &mut tokens);
                tokens.push(c.to_string());
            }
        }
    }
    take_word(&mut word, &mut tokens);
    Ok(tokens)
}

fn take_word(word: &mut String, tokens: &mut Vec<String>) {
    if !word.is_empty() {
        tokens.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::{ShlexError, legacy_tokens, posix_tokens, split_command};

    /// A4.41
    #[test]
    fn commands_split_as_in_a_posix_shell_without_its_tricks() {
        for (command, words) in [
            ("/bin/cat", &["/bin/cat"][..]),
            (" a  b\n\tc ", &["a", "b", "c"]),
            (r#"sh -c 'a "b" $c'"#, &["sh", "-c", r#"a "b" $c"#]),
            (r#"x "a\"b\\c\n" 'q'"z"w"#, &["x", r#"a"b\c\n"#, "qzw"]),
            (r"a\ b \# # c", &["a b", "#", "#", "c"]),
            ("x ''", &["x", ""]),
            ("a\u{c}b > ~ *", &["a\u{c}b", ">", "~", "*"]),
            ("", &[]),
        ] {
            assert_eq!(split_command(command).unwrap(), words, "{command:?}");
        }
    }

    /// A4.50
    #[test]
    fn open_quotes_and_lone_backslashes_are_told() {
        assert_eq!(split_command("a 'b"), Err(ShlexError::NoClosingQuotation));
        assert_eq!(split_command("a \"b\\\""), Err(ShlexError::NoClosingQuotation));
        assert_eq!(split_command("a\\"), Err(ShlexError::NoEscapedCharacter));
        assert_eq!(split_command("a \"\\"), Err(ShlexError::NoEscapedCharacter));
    }

    /// A2.92, A2.93
    #[test]
    fn the_two_modes_of_environment_differ_in_quotes_and_comments() {
        assert_eq!(posix_tokens("A=x\"y\"#z\nb,é").unwrap(), ["A", "=", "xy", "b", ",", "é"]);
        assert_eq!(legacy_tokens("A=x\"y\"#z\nb,é").unwrap(), ["A", "=", "x\"y\"b", ",", "é"]);
        assert_eq!(legacy_tokens("A='x'y").unwrap(), ["A", "=", "'x'", "y"]);
    }
}
