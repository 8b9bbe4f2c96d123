//! Commands that put themselves into the background, where supervision ends:
//! the daemon sees an exit at once and starts the program again and again.

use crate::config::paths::split;
use crate::config::shell_words::split_command;

/// A word of the command, why it is wrong, what to write.
pub(super) type Background = (String, String, String);

/// When a program leaves the foreground.
enum When {
    /// Unless one of these is there; the last is what to write.
    Without(&'static [&'static str]),
    /// If one of these is there.
    With(&'static [&'static str]),
    /// If this word is the first argument; what to write.
    Verb(&'static [&'static str], &'static str),
}
use When::{Verb, With, Without};

/// Programs by name, or by its beginning if that ends with `*`.
const PROGRAMS: &[(&str, When)] = &[
    ("apache2", Without(&["-X", "-DFOREGROUND", "FOREGROUND", "-DNO_DETACH", "NO_DETACH", "-D FOREGROUND"])),
    ("apache2ctl", Without(&["-DFOREGROUND", "FOREGROUND", "-D FOREGROUND"])),
    ("apachectl", Without(&["-DFOREGROUND", "FOREGROUND", "-D FOREGROUND"])),
    ("httpd", Without(&["-X", "-f", "-h", "-DFOREGROUND", "FOREGROUND", "-D FOREGROUND"])),
    ("caddy", Verb(&["start"], "run")),
    ("celery", Verb(&["multi"], "worker")),
    ("cron", Without(&["-f"])),
    ("crond", Without(&["-f", "-n"])),
    ("docker", With(&["-d"])),
    ("docker-compose", With(&["-d"])),
    ("podman", With(&["-d"])),
    ("dnsmasq", Without(&["-d", "--no-daemon", "--keep-in-foreground", "-k"])),
    ("gunicorn", With(&["-D"])),
    ("haproxy", With(&["-D"])),
    ("lighttpd", Without(&["-D"])),
    ("memcached", With(&["-d"])),
    ("mongod", With(&["--fork"])),
    ("mysqld", With(&["-D"])),
    ("named", Without(&["-g", "-f"])),
    ("nohup", With(&[])),
    ("php-fpm*", Without(&["--nodaemonize", "-F"])),
    ("pg_ctl", Verb(&["start", "restart"], "postgres itself, with the same -D")),
    ("pg_ctlcluster", With(&["start"])),
    ("pm2", Verb(&["start"], "pm2-runtime")),
    ("postfix", Verb(&["start"], "start-fg")),
    ("puma", With(&["-d"])),
    ("rabbitmq-server", With(&["-detached"])),
    ("rsyslogd", Without(&["-n"])),
    ("service", With(&["start", "restart"])),
    ("squid", Without(&["--foreground", "-N"])),
    ("sshd", Without(&["-d", "-D"])),
    ("start-stop-daemon", With(&["-b"])),
    ("supervisord", Without(&["--nodaemon", "-n"])),
    ("systemctl", With(&["start", "restart"])),
    ("tmux", With(&["-d"])),
    ("screen", With(&["-d", "-dm", "-dmS"])),
    ("unicorn*", With(&["-D"])),
    ("uwsgi*", With(&["-d"])),
    ("varnishd", Without(&["-d", "-F"])),
];

/// What is bad about the background.
const AWAY: &str = ", where it cannot be supervised";

/// Options that mean it for every program that has them.
const OPTIONS: &[&str] = &["--daemon", "--daemonize", "--daemonise", "--detach", "--detached", "--background"];

/// Shells, which run the text behind `-c`.
pub(super) const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh", "fish"];

/// Whether the command leaves the foreground, as far as its words tell.
pub(super) fn background(words: &[String]) -> Option<Background> {
    let (name, arguments) = program(words)?;
    if name == "pidproxy" {
        return None;
    }
    if SHELLS.contains(&name) {
        return script(arguments).and_then(|script| of_script(script));
    }
    let word = words.get(words.len() - arguments.len() - 1)?;
    by_program(name, word, arguments).or_else(|| by_option(name, arguments))
}

/// The program behind `env`, `exec` and assignments, without its directory.
fn program(words: &[String]) -> Option<(&str, &[String])> {
    let mut rest = words;
    loop {
        let (first, behind) = rest.split_first()?;
        let name = split(first).1;
        let passes = matches!(name, "env" | "exec" | "time") || first.contains('=') && !first.starts_with(['-', '/']);
        if !passes || behind.is_empty() {
            return Some((name, behind));
        }
        rest = behind;
    }
}

/// What a shell is given to run.
fn script(arguments: &[String]) -> Option<&String> {
    let flag =
        arguments.iter().position(|word| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'))?;
    arguments.get(flag + 1)
}

/// Of a script the last command counts, since the shell waits for the others.
fn of_script(script: &str) -> Option<Background> {
    let trimmed = script.trim_end();
    if trimmed.ends_with('&') && !trimmed.ends_with("&&") {
        let why = "the & at the end puts it into the background, and the shell ends at once";
        return Some((
            script.to_owned(),
            why.to_owned(),
            "leave the & out, and write exec before the program".to_owned(),
        ));
    }
    let last = trimmed.rsplit(['&', ';', '|', '\n']).next()?;
    let words = split_command(last).ok()?;
    let is_shell = program(&words).is_some_and(|(name, _)| SHELLS.contains(&name));
    if is_shell { None } else { background(&words) }
}

fn by_program(name: &str, word: &str, arguments: &[String]) -> Option<Background> {
    let is = |known: &str| known.strip_suffix('*').map_or(name == known, |begin| name.starts_with(begin));
    if name == "nginx" {
        let stays = arguments.iter().any(|word| word.contains("daemon off"));
        let why = format!("nginx puts itself into the background{AWAY}, unless its own configuration says daemon off");
        return (!stays).then(|| (word.to_owned(), why, "add -g \"daemon off;\"".to_owned()));
    }
    let (_, when) = PROGRAMS.iter().find(|(known, _)| is(known))?;
    match when {
        Without(stay) => {
            let stays = arguments.iter().any(|word| stay.contains(&word.as_str()));
            let right = stay.last().map_or_else(String::new, |flag| format!("add {flag}"));
            (!stays).then(|| (word.to_owned(), format!("{name} puts itself into the background{AWAY}"), right))
        }
        With([]) => Some((
            word.to_owned(),
            format!("{name} has no use here: the daemon outlives every terminal"),
            format!("leave {name} out"),
        )),
        With(flags) => {
            let flag = arguments.iter().find(|word| flags.contains(&word.as_str()))?;
            if flags.contains(&"start") {
                let right = "write the command of the program itself".to_owned();
                return Some((flag.clone(), format!("{name} {flag} starts it elsewhere and ends"), right));
            }
            let right = format!("leave {flag} out");
            Some((flag.clone(), format!("with {flag}, {name} goes on in the background{AWAY}"), right))
        }
        Verb(verbs, right) => {
            let verb = arguments.first().filter(|word| verbs.contains(&word.as_str()))?;
            let why = format!("{name} {verb} goes on in the background{AWAY}");
            Some((verb.clone(), why, format!("use {right}")))
        }
    }
}

fn by_option(name: &str, arguments: &[String]) -> Option<Background> {
    let is_init = |script: &str| script.starts_with("/etc/init.d/");
    if let Some(script) = arguments.iter().find(|word| is_init(word)) {
        let right = "write the command of the program itself".to_owned();
        return Some((script.clone(), format!("{script} starts a daemon and ends"), right));
    }
    for (index, word) in arguments.iter().enumerate() {
        let (option, attached) = word.split_once('=').map_or((word.as_str(), None), |(o, value)| (o, Some(value)));
        let value = attached.or_else(|| arguments.get(index + 1).map(String::as_str)).unwrap_or_default();
        let refuses = matches!(value, "no" | "false" | "off" | "0");
        if OPTIONS.contains(&option) && !refuses {
            let right = match name {
                "redis-server" | "redis-sentinel" => "write --daemonize no".to_owned(),
                _ => format!("leave {option} out"),
            };
            return Some((word.clone(), format!("with {option}, {name} goes on in the background{AWAY}"), right));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::background;
    use crate::config::shell_words::split_command;

    fn found(command: &str) -> Option<(String, String)> {
        background(&split_command(command).unwrap()).map(|(word, _, right)| (word, right))
    }

    #[test]
    fn programs_that_leave_the_foreground_are_known() {
        for (command, word, right) in [
            ("nginx", "nginx", "add -g \"daemon off;\""),
            ("/usr/sbin/nginx -c /etc/n.conf", "/usr/sbin/nginx", "add -g \"daemon off;\""),
            ("redis-server --daemonize yes", "--daemonize", "write --daemonize no"),
            ("redis-server --daemonize=yes", "--daemonize=yes", "write --daemonize no"),
            ("apache2ctl start", "apache2ctl", "add -D FOREGROUND"),
            ("php-fpm8.2", "php-fpm8.2", "add -F"),
            ("gunicorn --daemon app:app", "--daemon", "leave --daemon out"),
            ("memcached -u x -d", "-d", "leave -d out"),
            ("service nginx start", "start", "write the command of the program itself"),
            ("env A=b mongod --fork", "--fork", "leave --fork out"),
            ("postfix start", "start", "use start-fg"),
            ("bash -c 'cd /x && nginx'", "nginx", "add -g \"daemon off;\""),
            ("sh -ec 'x &'", "x &", "leave the & out, and write exec before the program"),
            ("nohup x", "nohup", "leave nohup out"),
            ("bash /etc/init.d/x start", "", ""),
            ("sudo /etc/init.d/x start", "/etc/init.d/x", "write the command of the program itself"),
        ] {
            let expected = (!word.is_empty()).then(|| (word.to_owned(), right.to_owned()));
            assert_eq!(found(command), expected, "{command}");
        }
    }

    #[test]
    fn programs_that_stay_are_left_alone() {
        for command in [
            "nginx -g 'daemon off;'",
            "redis-server --daemonize no",
            "redis-server /etc/r.conf",
            "apache2ctl -D FOREGROUND",
            "httpd -DFOREGROUND",
            "php-fpm -F",
            "sshd -D",
            "celery worker -d x",
            "mytool -d",
            "pidproxy /run/x.pid mysqld --daemonize",
            "bash -c 'a && exec b'",
            "sh -c 'a & wait'",
            "supervisord -n",
            "cat",
        ] {
            assert_eq!(found(command), None, "{command}");
        }
    }
}
