//! `environment=`: `KEY=value` pairs with commas (A2.80–A2.95).
//!
//! 4.3.0 and 4.4 read quotes and backslashes differently. A text that 4.3.0
//! understands keeps 4.3.0's meaning, so that a configuration that works today
//! means the same; what only 4.4 understands is read as 4.4 does.

use super::shell_words::{ShlexError, legacy_tokens, posix_tokens};
use std::collections::BTreeMap;
use thiserror::Error;

/// Why a text holds no pairs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnvironmentError {
    /// A quote or a backslash is left alone (A2.87).
    #[error(transparent)]
    Shlex(#[from] ShlexError),
    /// A pair is not complete (A2.81).
    #[error("Unexpected end of key/value pairs in value '{0}'")]
    UnexpectedEnd(String),
}

/// Variables, and which of them the two releases read differently.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// Sorted by name.
    pub variables: BTreeMap<String, String>,
    /// Names whose value or existence 4.4 would see otherwise.
    pub ambiguous: Vec<String>,
}

/// Reads an expanded value.
///
/// # Errors
/// [`EnvironmentError`], if neither reading makes sense: 4.3.0's.
pub fn parse(text: &str) -> Result<Environment, EnvironmentError> {
    let newer = posix_tokens(text).map_err(Into::into).and_then(|tokens| pairs(&tokens, text, false));
    match (pairs_of_legacy(text), newer) {
        (Ok(variables), Ok(newer)) => {
            let names = variables.keys().chain(newer.keys().filter(|name| !variables.contains_key(*name)));
            let ambiguous = names.filter(|name| variables.get(*name) != newer.get(*name)).cloned().collect();
            Ok(Environment { ambiguous, variables })
        }
        (Ok(variables), Err(_)) => Ok(Environment { ambiguous: variables.keys().cloned().collect(), variables }),
        (Err(_), Ok(variables)) => Ok(Environment { variables, ambiguous: Vec::new() }),
        (Err(error), Err(_)) => Err(error),
    }
}

fn pairs_of_legacy(text: &str) -> Result<BTreeMap<String, String>, EnvironmentError> {
    pairs(&legacy_tokens(text)?, text, true)
}

/// Steps of four tokens: name, `=`, value, and anything that separates (A2.81).
fn pairs(tokens: &[String], text: &str, unquote: bool) -> Result<BTreeMap<String, String>, EnvironmentError> {
    let mut variables = BTreeMap::new();
    for step in tokens.chunks(4) {
        let [name, equals, value, ..] = step else { return Err(EnvironmentError::UnexpectedEnd(text.to_owned())) };
        if equals != "=" {
            return Err(EnvironmentError::UnexpectedEnd(text.to_owned()));
        }
        let value = if unquote { value.trim_matches(['\'', '"']) } else { value };
        variables.insert(name.clone(), value.to_owned());
    }
    Ok(variables)
}

#[cfg(test)]
mod tests;
