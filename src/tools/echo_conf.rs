//! `echo_supervisord_conf`: the sample configuration, to start one's own from.

use std::io::{self, Write};

/// What is printed. Tools edit it with sed, so keys keep their spelling (A1.40).
pub const SAMPLE: &str = include_str!("../../conf/sample.conf");

/// Writes the sample. Arguments make no difference.
///
/// # Errors
/// As `out` says.
pub fn print(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(SAMPLE.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::{SAMPLE, print};
    use crate::config::ini::Sections;
    use crate::config::keys::{SECTIONS, section};

    fn read(text: &str) -> Sections {
        let mut sections = Sections::new();
        sections.read(text, "sample").unwrap();
        sections
    }

    fn settings(text: &str) -> Vec<String> {
        let sections = read(text);
        let of = |section: &str| -> Vec<String> {
            let value = |key: &str| format!("[{section}] {key}={}", sections.get(section, key).unwrap());
            sections.options(section).into_iter().map(value).collect()
        };
        sections.names().flat_map(of).collect()
    }

    /// The sample with every commented header and key in force. Prose has a
    /// blank behind the semicolon.
    fn uncommented() -> String {
        let open = |line: &str| match line.strip_prefix(';') {
            Some(rest) if rest.starts_with('[') || rest.contains('=') && !rest.starts_with(' ') => rest.to_owned(),
            _ => line.to_owned(),
        };
        SAMPLE.lines().map(open).collect::<Vec<_>>().join("\n")
    }

    /// A1.40, A9.7
    #[test]
    fn the_active_settings_are_upstreams() {
        let expected = [
            "[unix_http_server] file=/tmp/supervisor.sock",
            "[supervisord] logfile=/tmp/supervisord.log",
            "[supervisord] logfile_maxbytes=50MB",
            "[supervisord] logfile_backups=10",
            "[supervisord] loglevel=info",
            "[supervisord] pidfile=/tmp/supervisord.pid",
            "[supervisord] nodaemon=false",
            "[supervisord] silent=false",
            "[supervisord] minfds=1024",
            "[supervisord] minprocs=200",
            "[rpcinterface:supervisor] supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
            "[supervisorctl] serverurl=unix:///tmp/supervisor.sock",
        ];
        assert_eq!(settings(SAMPLE), expected);
        let mut out = Vec::new();
        print(&mut out).unwrap();
        assert_eq!(out, SAMPLE.as_bytes());
    }

    /// A1.40
    #[test]
    fn commented_keys_keep_the_spelling_that_sed_looks_for() {
        for line in [
            ";chmod=0700 ",
            ";chown=nobody:nogroup ",
            ";username=user ",
            ";password=123 ",
            ";[inet_http_server] ",
            ";port=127.0.0.1:9001 ",
            ";umask=022 ",
            ";user=supervisord ",
            ";identifier=supervisor ",
            ";directory=/tmp ",
            ";nocleanup=true ",
            ";childlogdir=/tmp ",
            ";environment=KEY=\"value\" ",
            ";strip_ansi=false ",
            ";serverurl=http://127.0.0.1:9001 ",
            ";prompt=mysupervisor ",
            ";history_file=~/.sc_history ",
            ";[program:theprogramname]",
            ";[eventlistener:theeventlistenername]",
            ";[group:thegroupname]",
            ";[include]",
            ";files = relative/directory/*.ini",
        ] {
            assert!(SAMPLE.lines().any(|own| format!("{own} ").starts_with(line)), "{line}");
        }
    }

    #[test]
    fn every_key_of_the_sample_is_in_the_table() {
        let text = uncommented();
        let sections = read(&text);
        let mut kinds = Vec::new();
        for name in sections.names() {
            let kind = section(name).unwrap_or_else(|| panic!("[{name}]"));
            kinds.push(kind.name);
            for key in sections.options(name) {
                assert!(kind.key(key).is_some(), "[{name}] {key}");
            }
        }
        let missing = SECTIONS.iter().map(|kind| kind.name).filter(|name| !kinds.contains(name));
        assert_eq!(missing.collect::<Vec<_>>(), ["ctlplugin", "fcgi-program"]);
    }

    /// What Supervisor 4.3.0 shows, with the defaults that it claims.
    const UPSTREAM: &[(&str, &str)] = &[
        ("unix_http_server", "file chmod=0700 chown username password"),
        ("inet_http_server", "port username password"),
        (
            "supervisord",
            "logfile=supervisord.log logfile_maxbytes=50MB logfile_backups=10 loglevel=info pidfile=supervisord.pid \
             nodaemon=false silent=false minfds=1024 minprocs=200 umask=022 user identifier=supervisor directory \
             nocleanup=false childlogdir environment strip_ansi=false",
        ),
        ("rpcinterface:supervisor", "supervisor.rpcinterface_factory"),
        ("supervisorctl", "serverurl username password prompt=supervisor history_file"),
        ("program:theprogramname", "command"),
        ("program:theprogramname", PROCESS),
        ("program:theprogramname", "priority=999 stdout_capture_maxbytes=0 stderr_capture_maxbytes=0"),
        ("eventlistener:theeventlistenername", "command events buffer_size=10 priority=-1"),
        ("eventlistener:theeventlistenername", PROCESS),
        ("group:thegroupname", "programs priority=999"),
        ("include", "files"),
    ];

    /// What programs and listeners share there.
    const PROCESS: &str = "process_name=%(program_name)s numprocs=1 directory umask autostart=true startsecs=1 \
         startretries=3 autorestart=unexpected exitcodes=0 stopsignal=TERM stopwaitsecs=10 stopasgroup=false \
         killasgroup user redirect_stderr=false stdout_logfile=AUTO stdout_logfile_maxbytes=50MB \
         stdout_logfile_backups=10 stdout_events_enabled=false stdout_syslog=false stderr_logfile=AUTO \
         stderr_logfile_maxbytes=50MB stderr_logfile_backups=10 stderr_events_enabled=false stderr_syslog=false \
         environment serverurl=AUTO";

    /// A1.40
    #[test]
    fn every_key_of_upstreams_sample_stands_in_ours_with_its_default() {
        let text = uncommented();
        let sections = read(&text);
        for (name, keys) in UPSTREAM {
            for (key, claimed) in keys.split(' ').map(|key| key.split_once('=').unwrap_or((key, ""))) {
                assert!(sections.get(name, key).is_some(), "[{name}] {key} is not in the sample");
                let row = section(name).and_then(|kind| kind.key(key)).unwrap_or_else(|| panic!("[{name}] {key}"));
                assert!(claimed.is_empty() || row.default == Some(claimed), "[{name}] {key}: {:?}", row.default);
            }
        }
        for name in sections.names() {
            let rows = UPSTREAM.iter().filter(|(section, _)| *section == name);
            let shown = rows.flat_map(|(_, keys)| keys.split(' ')).count();
            assert_eq!(sections.options(name).len(), shown, "[{name}] shows what upstream does not");
        }
    }

    /// Every value that is a default in the table is also one in the sample.
    #[test]
    fn defaults_that_comments_claim_are_the_tables() {
        for line in SAMPLE.lines() {
            let Some((setting, claim)) = line.trim_start_matches(';').split_once(" ; ").or(line.split_once("; "))
            else {
                continue;
            };
            let Some((key, _)) = setting.split_once('=') else { continue };
            let Some(claimed) = claim.strip_suffix(" if unset").and_then(|text| text.rsplit(' ').next()) else {
                continue;
            };
            let rows = SECTIONS.iter().filter_map(|kind| kind.key(key.trim()));
            let known = rows.filter_map(|key| key.default).any(|default| claimed.trim_matches('"') == default);
            assert!(known || matches!(key, "childlogdir" | "username"), "{line}");
        }
    }
}
