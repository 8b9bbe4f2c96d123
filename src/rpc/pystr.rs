//! Values as Python's `str()` shows them, since faults and events do (B1.2.3).

use crate::model::py_repr;
use crate::xmlrpc::{Value, double_text};

/// `str(value)`. Recurses as deep as the value, which decoding has bounded.
#[must_use]
pub(super) fn py_str(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::DateTime(text) => date_time(text),
        other => repr(other),
    }
}

/// `repr(value)`, as `str()` shows what is inside a list or a dict.
fn repr(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::Wide(digits) => digits.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Double(number) => double_text(*number),
        Value::Nil => "None".to_owned(),
        Value::Text(text) => py_repr(text),
        Value::DateTime(text) => format!("datetime.datetime({})", date_time_arguments(text)),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(repr))),
        Value::Struct(members) => {
            let members = members.iter().map(|(name, value)| format!("{}: {}", py_repr(name), repr(value)));
            format!("{{{}}}", joined(members))
        }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// `20260102T03:04:05` as `2026-01-02 03:04:05`.
fn date_time(text: &str) -> String {
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{}-{}-{} {}", part(0, 4), part(4, 6), part(6, 8), text.get(9..).unwrap_or_default())
}

/// The numbers without leading zeros; seconds of zero are left out.
fn date_time_arguments(text: &str) -> String {
    let spans = [0..4, 4..6, 6..8, 9..11, 12..14, 15..17];
    let mut numbers: Vec<u32> = spans.into_iter().filter_map(|span| text.get(span)?.parse().ok()).collect();
    if numbers.last() == Some(&0) {
        numbers.pop();
    }
    joined(numbers.iter().map(u32::to_string))
}

#[cfg(test)]
mod tests {
    use super::py_str;
    use crate::xmlrpc::Value;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    /// B1.2.3
    #[test]
    fn values_look_as_in_python() {
        let time = |text: &str| Value::DateTime(text.to_owned());
        let members = vec![("a".to_owned(), Value::Int(1)), ("b".to_owned(), text("x"))];
        let cases = [
            (text("it's"), "it's"),
            (Value::Int(-12), "-12"),
            (Value::Bool(true), "True"),
            (Value::Double(1.5), "1.5"),
            (Value::Nil, "None"),
            (time("20260102T03:04:05"), "2026-01-02 03:04:05"),
            (Value::Array(vec![Value::Int(1), text("two"), Value::Array(vec![])]), "[1, 'two', []]"),
            (Value::Array(vec![time("20260102T03:04:00")]), "[datetime.datetime(2026, 1, 2, 3, 4)]"),
            (Value::Array(vec![text("it's"), Value::Bool(false), Value::Nil]), r#"["it's", False, None]"#),
            (Value::Struct(members), "{'a': 1, 'b': 'x'}"),
            (Value::Struct(vec![]), "{}"),
        ];
        for (value, shown) in cases {
            assert_eq!(py_str(&value), shown);
        }
    }
}
