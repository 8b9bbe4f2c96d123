//! A configuration as JSON: every field, under the names that the reference's
//! objects have, so that the two can be compared as they are.

use crate::json::{Json, list, map};
use std::path::Path;
use supervisord::config::keys::{Key, Kind, SECTIONS, Section};
use supervisord::config::{
    Address, AutoRestart, ChannelConfig, ChildLog, Config, FcgiAddress, FcgiSocket, GroupConfig, GroupKind, HttpServer,
    MainLog, Ownership, ProcessConfig, ServerUrl, Supervisord,
};
use supervisord::model::Level;

pub(crate) fn config(config: &Config) -> Json {
    let told = |level: Level| list(config.messages.iter().filter(|line| line.level == level).map(|line| &line.text));
    map([
        ("supervisord", supervisord(&config.supervisord)),
        ("servers", list(config.servers.iter().map(server))),
        ("rpcinterfaces", list(&config.rpc_namespaces)),
        ("groups", list(config.groups.iter().map(group))),
        ("warnings", told(Level::Warn)),
        ("infos", told(Level::Info)),
    ])
}

fn supervisord(main: &Supervisord) -> Json {
    map([
        (
            "logfile",
            match &main.logfile {
                MainLog::Syslog => "syslog".into(),
                MainLog::File(file) => path(file),
            },
        ),
        ("logfile_maxbytes", main.logfile_maxbytes.into()),
        ("logfile_backups", main.logfile_backups.into()),
        ("loglevel", main.loglevel.word().into()),
        ("pidfile", path(&main.pidfile)),
        ("umask", main.umask.into()),
        ("nodaemon", main.nodaemon.into()),
        ("silent", main.silent.into()),
        ("nocleanup", main.nocleanup.into()),
        ("strip_ansi", main.strip_ansi.into()),
        ("minfds", main.minfds.into()),
        ("minprocs", main.minprocs.into()),
        ("uid", main.user.map(|user| user.0).into()),
        ("directory", main.directory.as_deref().map(path).into()),
        ("childlogdir", path(&main.childlogdir)),
        ("identifier", (&main.identifier).into()),
        ("environment", pairs(&main.environment)),
    ])
}

fn server(server: &HttpServer) -> Json {
    let auth = |part: fn(&supervisord::config::Credentials) -> &String| server.auth.as_ref().map(part).into();
    let address = match &server.address {
        Address::Inet { host, port } => map([("host", host.into()), ("port", u32::from(*port).into())]),
        Address::Unix { path: file, chmod, chown } => {
            map([("file", path(file)), ("chmod", (*chmod).into()), ("chown", owner(*chown))])
        }
    };
    map([
        ("section", (&server.section).into()),
        ("address", address),
        ("username", auth(|auth| &auth.username)),
        ("password", auth(|auth| &auth.password)),
    ])
}

fn group(group: &GroupConfig) -> Json {
    let pool = match &group.kind {
        GroupKind::Programs => Json::Null,
        GroupKind::Listeners { buffer_size, events, .. } => {
            let mut events = events.clone();
            events.sort();
            let size = i64::try_from(*buffer_size).unwrap_or(i64::MAX);
            map([("buffer_size", size.into()), ("events", list(events))])
        }
    };
    map([
        ("name", (&group.name).into()),
        ("priority", group.priority.into()),
        ("pool", pool),
        ("processes", list(group.processes.iter().map(|one| process(one)))),
    ])
}

fn process(process: &ProcessConfig) -> Json {
    map([
        ("name", (&process.name).into()),
        ("command", (&process.command).into()),
        ("directory", process.directory.as_ref().into()),
        ("umask", process.umask.into()),
        ("priority", process.priority.into()),
        ("autostart", process.autostart.into()),
        (
            "autorestart",
            match process.autorestart {
                AutoRestart::Never => "never",
                AutoRestart::Unexpected => "unexpected",
                AutoRestart::Always => "always",
            }
            .into(),
        ),
        ("startsecs", process.startsecs.into()),
        ("startretries", process.startretries.into()),
        ("stopsignal", process.stopsignal.number().into()),
        ("stopwaitsecs", process.stopwaitsecs.into()),
        ("stopasgroup", process.stopasgroup.into()),
        ("killasgroup", process.killasgroup.into()),
        ("exitcodes", list(process.exitcodes.iter().copied())),
        ("redirect_stderr", process.redirect_stderr.into()),
        ("uid", process.user.map(|user| user.0).into()),
        ("environment", pairs(&process.environment)),
        (
            "serverurl",
            match &process.serverurl {
                ServerUrl::Auto => Json::Null,
                ServerUrl::Unset => "".into(),
                ServerUrl::Url(url) => url.into(),
            },
        ),
        ("stdout", channel(&process.stdout)),
        ("stderr", channel(&process.stderr)),
        ("socket", process.fcgi.as_ref().map(socket).into()),
    ])
}

/// `true` is a file of our naming.
fn channel(channel: &ChannelConfig) -> Json {
    let logfile = match &channel.logfile {
        ChildLog::None => Json::Null,
        ChildLog::Empty => "".into(),
        ChildLog::Auto => true.into(),
        ChildLog::File(file) => path(file),
    };
    map([
        ("logfile", logfile),
        ("logfile_maxbytes", channel.maxbytes.into()),
        ("logfile_backups", channel.backups.into()),
        ("capture_maxbytes", channel.capture_maxbytes.into()),
        ("events_enabled", channel.events_enabled.into()),
        ("syslog", channel.syslog.into()),
    ])
}

fn socket(socket: &FcgiSocket) -> Json {
    let (url, mode, chown) = match &socket.address {
        FcgiAddress::Tcp { host, port } => (format!("tcp://{host}:{port}"), Json::Null, Json::Null),
        FcgiAddress::Unix { path, mode, owner: chown } => {
            (format!("unix://{}", path.display()), (*mode).into(), owner(*chown))
        }
    };
    map([("url", url.into()), ("mode", mode), ("owner", chown), ("backlog", socket.backlog.into())])
}

/// The two numbers; -1 leaves that half.
fn owner(owner: Ownership) -> Json {
    list([owner.uid, owner.gid].map(|id| id.map_or(-1, i64::from)))
}

fn path(path: &Path) -> Json {
    path.to_string_lossy().into_owned().into()
}

/// Variables; a later one of a name wins.
pub(crate) fn pairs(variables: &[(String, String)]) -> Json {
    Json::Map(variables.iter().map(|(name, value)| (name.clone(), value.into())).collect())
}

/// The table of keys: each section with its rows.
pub(crate) fn keys() -> Json {
    let section = |section: &Section| {
        let rows = section.keys.iter().flat_map(|rows| rows.iter());
        map([("name", section.name.into()), ("named", section.named.into()), ("keys", list(rows.map(key)))])
    };
    list(SECTIONS.iter().map(section))
}

fn key(key: &Key) -> Json {
    map([
        ("name", key.name.into()),
        ("kind", kind(key.kind).into()),
        ("default", key.default.into()),
        ("since", key.since.into()),
    ])
}

fn kind(kind: Kind) -> String {
    format!("{kind:?}")
}
