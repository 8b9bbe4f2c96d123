//! `tail` and `maintail`: the end of a log, once or on and on
//! (B3.7.60–B3.7.67).

use super::stream;
use crate::client::proxy::Answer;
use crate::ctl::{CtlError, Session, exit};
use crate::model::{Channel, py_repr};
use crate::rpc::FaultCode;

/// Bytes shown when none are asked for.
const DEFAULT_BYTES: i64 = 1600;

/// How much of a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// The last bytes. Zero and less reach the daemon as they are, and mean an
    /// offset there.
    Bytes(i64),
    /// What there is and what will come.
    Follow,
}

/// What `tail`'s words mean.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    name: &'a str,
    channel: Channel,
    amount: Amount,
}

/// Why `tail`'s words mean nothing.
#[derive(Debug, PartialEq, Eq)]
enum Misuse {
    /// Help is shown below it.
    Usage(&'static str),
    Sentence(String),
}

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let request = match parse(&words) {
        Ok(request) => request,
        Err(Misuse::Usage(sentence)) => return session.misuse(sentence, "tail"),
        Err(Misuse::Sentence(sentence)) => return fail(session, &sentence),
    };
    let Request { name, channel, amount } = request;
    match amount {
        Amount::Follow => stream::follow(session, &format!("/logtail/{name}/{channel}"), |proxy| {
            proxy.follow_process_log(name, channel)
        }),
        Amount::Bytes(bytes) => {
            let text = session.proxy()?.read_process_log(name, channel, bytes.saturating_neg(), 0);
            show(session, name, text)
        }
    }
}

pub(super) fn run_main(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let amount = match words.as_slice() {
        [] => Amount::Bytes(DEFAULT_BYTES),
        [word] => match parse_amount(word) {
            Some(amount) => amount,
            None => return fail(session, &format!("Error: bad argument {word}")),
        },
        _ => return session.misuse("Error: too many arguments", "maintail"),
    };
    match amount {
        Amount::Follow => stream::follow(session, "/mainlogtail", |proxy| proxy.follow_main_log()),
        Amount::Bytes(bytes) => {
            let text = session.proxy()?.read_main_log(bytes.saturating_neg(), 0);
            show(session, "supervisord", text)
        }
    }
}

fn parse<'a>(words: &[&'a str]) -> Result<Request<'a>, Misuse> {
    if words.is_empty() {
        return Err(Misuse::Usage("Error: too few arguments"));
    }
    if words.len() > 3 {
        return Err(Misuse::Usage("Error: too many arguments"));
    }
    let (modifier, rest) = match words {
        [modifier, rest @ ..] if modifier.starts_with('-') => (Some(*modifier), rest),
        rest => (None, rest),
    };
    let (name, channel) = match rest {
        [] => return Err(Misuse::Sentence("Error: tail requires process name".to_owned())),
        [name] => (*name, Channel::Stdout),
        // with three words and no modifier, the middle one counts for nothing
        [name, .., channel] => (*name, parse_channel(channel)?),
    };
    let amount = match modifier {
        None => Amount::Bytes(DEFAULT_BYTES),
        Some(word) => parse_amount(word).ok_or_else(|| Misuse::Sentence(format!("Error: bad argument {word}")))?,
    };
    Ok(Request { name, channel, amount })
}

fn parse_channel(word: &str) -> Result<Channel, Misuse> {
    match word.to_lowercase().as_str() {
        "stdout" => Ok(Channel::Stdout),
        "stderr" => Ok(Channel::Stderr),
        other => Err(Misuse::Sentence(format!("Error: bad channel {}", py_repr(other)))),
    }
}

/// `-f` or `-BYTES`; `--5` is minus five bytes, which means from byte 5 on.
fn parse_amount(word: &str) -> Option<Amount> {
    match word.strip_prefix('-')? {
        "f" => Some(Amount::Follow),
        number => number.parse().ok().map(Amount::Bytes),
    }
}

/// Shows a piece of a log with one more line end, or why there is none.
fn show(session: &mut Session, name: &str, text: Answer<String>) -> Result<(), CtlError> {
    let error = match text {
        Ok(text) => {
            session.say(&text);
            return Ok(());
        }
        Err(error) => error,
    };
    let is = |code| error.is_fault(code);
    let reason = if is(FaultCode::NoFile) {
        "no log file"
    } else if is(FaultCode::Failed) {
        "unknown error reading log"
    } else if is(FaultCode::BadName) {
        "no such process name"
    } else {
        return Err(error.into());
    };
    fail(session, &format!("{name}: ERROR ({reason})"))
}

fn fail(session: &mut Session, sentence: &str) -> Result<(), CtlError> {
    session.say(sentence);
    session.set_exit(exit::GENERIC);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Amount, Misuse, Request, parse, parse_amount};
    use crate::model::Channel;

    /// B3.7.60, B3.7.61
    #[test]
    fn words_name_amount_process_and_channel() {
        let request = |name, channel, amount| Ok(Request { name, channel, amount });
        assert_eq!(parse(&["p"]), request("p", Channel::Stdout, Amount::Bytes(1600)));
        assert_eq!(parse(&["-f", "p", "STDERR"]), request("p", Channel::Stderr, Amount::Follow));
        assert_eq!(parse(&["-100", "p"]), request("p", Channel::Stdout, Amount::Bytes(100)));
        assert_eq!(parse(&["p", "x", "stderr"]), request("p", Channel::Stderr, Amount::Bytes(1600)));
        assert_eq!(parse_amount("-0"), Some(Amount::Bytes(0)));
        assert_eq!(parse_amount("--5"), Some(Amount::Bytes(-5)));
    }

    /// B3.7.62, B3.7.66
    #[test]
    fn wrong_words_are_refused_in_upstreams_order() {
        let sentence = |text: &str| Err(Misuse::Sentence(text.to_owned()));
        assert_eq!(parse(&[]), Err(Misuse::Usage("Error: too few arguments")));
        assert_eq!(parse(&["a", "b", "c", "d"]), Err(Misuse::Usage("Error: too many arguments")));
        assert_eq!(parse(&["-100"]), sentence("Error: tail requires process name"));
        assert_eq!(parse(&["-x", "p"]), sentence("Error: bad argument -x"));
        assert_eq!(parse(&["-x", "p", "Foo"]), sentence("Error: bad channel 'foo'"));
        assert_eq!(parse(&["p", "-5"]), sentence("Error: bad channel '-5'"));
        for word in ["x", "-", "-x", "f"] {
            assert_eq!(parse_amount(word), None, "{word}");
        }
    }
}
