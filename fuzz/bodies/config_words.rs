//! The small languages inside values: command lines, `environment`, `%(name)s`,
//! patterns, command line options.

use supervisord::config::expand::{Names, expand};
use supervisord::config::getopt::{Known, getopt};
use supervisord::config::glob::fnmatch;
use supervisord::config::{environment, split_command};

const KNOWN: Known = Known { short: "ab:", long: &["all", "alpha=", "beta="], own: &[] };

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(words) = split_command(&text) {
        // a word in single quotes is itself, so splitting has a way back
        let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
        assert_eq!(split_command(&quoted.join(" ")).as_ref(), Ok(&words));
    }
    drop(environment::parse(&text));
    let names = Names::default().with("a", "text").with_number("n", -7);
    match expand(&text, &names, "section.option") {
        Ok(expanded) => assert!(text.contains('%') || expanded == text),
        Err(error) => assert!(error.to_string().contains("'section.option'"), "{error}"),
    }
    assert_eq!(expand(&text.replace('%', "%%"), &names, "o").as_deref(), Ok(&*text));
    let (name, pattern) = text.split_once('\n').unwrap_or((&text, "*"));
    assert!(fnmatch(name, "*") && (!fnmatch(name, pattern) || fnmatch(name, &format!("*{pattern}"))));
    let words: Vec<String> = text.split('\n').map(str::to_owned).collect();
    if let Ok((options, rest)) = getopt(&words, KNOWN) {
        assert!(rest.len() <= words.len() && options.iter().all(|(option, _)| option.starts_with('-')));
    }
}
