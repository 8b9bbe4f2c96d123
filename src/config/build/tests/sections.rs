//! Groups, pools, sockets, servers and plug-ins, read as a user writes them.

use super::{good, names, process, refused, warnings};
use crate::config::*;

/// A3.80, A3.81, A8.26, A4.86, A4.87, A4.88, A7.65
#[test]
fn groups_are_sorted_and_swallow_their_programs() {
    let config = good(
        "[program:z]\ncommand=x\npriority=5\n[program:p]\ncommand=x\nnumprocs=11\nprocess_name=a%(process_num)d\n\
         [program:q]\ncommand=%(group_name)s\npriority=1\n[group:g]\nprograms=p, q\n[group:h]\nprograms=q\npriority=1\n\
         [group:empty]\n[program:alone]\ncommand=x\n",
    );
    let order: Vec<&str> = config.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(order, ["h", "z", "alone", "empty", "g"]);
    assert_eq!(&names(&config)[3..7], ["g:a0", "g:a1", "g:a10", "g:a2"]);
    assert_eq!(config.groups[0].processes[0].command, "h");
    let twice = good("[program:p]\ncommand=x\n[group:g]\nprograms=p,p");
    assert_eq!(names(&twice), ["g:p"]);
    let unknown = refused("[program:a]\ncommand=x\n[group:g]\nprograms=a,zzz");
    assert_eq!(unknown, "[group:g] names unknown program or fcgi-program zzz");
    let both = refused("[program:a]\ncommand=x\n[fcgi-program:a]\n[group:g]\nprograms=a");
    assert_eq!(both, "[group:g] name a is ambiguous (exists as program and fcgi-program)");
}

/// A8.5, A3.70, A3.71, A3.72, A3.73, A3.76, A3.77, A3.79, A6.58, A7.75, B4.1.11
#[test]
fn listeners_form_pools() {
    let config = good("[eventlistener: l ]\ncommand=x\nevents=tick_5, PROCESS_STATE,TICK_5\n");
    let pool = &config.groups[0];
    assert_eq!((pool.name.as_str(), pool.priority, pool.processes[0].priority), ("l", -1, 999));
    let events = vec!["TICK_5".to_owned(), "PROCESS_STATE".to_owned()];
    assert_eq!(pool.kind, GroupKind::Listeners { buffer_size: 10, events, len_unit: LenUnit::Characters });
    let bytes = &good("[eventlistener:l]\ncommand=x\nevents=TICK\nlen_unit=Bytes\n").groups[0];
    assert!(matches!(bytes.kind, GroupKind::Listeners { len_unit: LenUnit::Bytes, .. }));
    for (text, sentence) in [
        ("", "[eventlistener:l] section requires an \"events\" line"),
        ("events=", "[eventlistener:l] section requires an \"events\" line"),
        ("events=foo", "Unknown event type FOO in [eventlistener:l] events"),
        ("events=TICK,", "Unknown event type  in [eventlistener:l] events"),
        ("events=TICK\nlen_unit=words", "len_unit must be characters or bytes, not 'words'"),
        ("events=TICK\nbuffer_size=0", "[eventlistener:l] section sets invalid buffer_size (0)"),
        (
            "events=TICK\nredirect_stderr=true",
            "[eventlistener:l] section sets redirect_stderr=true but this is not allowed because it will interfere \
             with the eventlistener protocol",
        ),
    ] {
        assert_eq!(refused(&format!("[eventlistener:l]\ncommand=x\n{text}")), sentence);
    }
    let foreign = "[eventlistener:l]\ncommand=x\nevents=TICK,MINE\nresult_handler=foo:bar";
    assert!(refused(foreign).starts_with("foo:bar cannot be resolved within [eventlistener:l]: "));
    assert_eq!(warnings(&good(&format!("foreign_rpcinterfaces=ignore\n{foreign}"))).len(), 2);
}

/// B2.1.13
#[test]
fn the_longest_body_of_a_call_can_be_chosen_within_bounds() {
    let bound = |text: &str| good(text).supervisord.request_maxbytes;
    assert_eq!(bound(""), 64 << 20);
    assert_eq!(bound("request_maxbytes=64KB"), 65_536);
    assert_eq!(bound("request_maxbytes=1GB"), 1 << 30);
    for bad in ["0", "-1", "65535", "2GB", "99999999999999999999"] {
        let sentence = refused(&format!("request_maxbytes={bad}"));
        assert_eq!(sentence, format!("request_maxbytes must be between 64KB and 1GB, not '{bad}'"));
    }
}

/// A3.83, A3.84, A3.88, A4.104, A8.30, A7.44, A7.66
#[test]
fn fastcgi_programs_have_a_socket_in_a_group_too() {
    let unix = "[fcgi-program:f]\ncommand=x\nuser=web\nsocket=unix:///run/%(program_name)s/../f.sock\n";
    let owner = Ownership { uid: Some(33), gid: Some(34) };
    let address = FcgiAddress::Unix { path: "/run/f.sock".into(), mode: 0o700, owner };
    let socket = Some(FcgiSocket { program: "f".to_owned(), address, backlog: None });
    assert_eq!(process(unix).fcgi, socket);
    assert_eq!(process(&format!("{unix}[group:g]\nprograms=f")).fcgi, socket);
    let tcp = "socket=tcp://LocalHost:9000\nsocket_backlog=7";
    let address = FcgiAddress::Tcp { host: "localhost".to_owned(), port: 9000 };
    let read = process(&format!("[fcgi-program:f]\ncommand=x\n{tcp}")).fcgi.unwrap();
    assert_eq!((read.address, read.backlog), (address, Some(7)));
    for (text, sentence) in [
        ("", "[fcgi-program:f] section requires a \"socket\" line"),
        ("socket=junk", "Bad socket format junk in [fcgi-program:f] socket"),
        ("socket=TCP://a:1", "Bad socket format TCP://a:1 in [fcgi-program:f] socket"),
        ("socket=unix://rel.sock", "Unix socket path rel.sock is not an absolute path in [fcgi-program:f] socket"),
        ("socket=tcp://a:99999", "99999 is above upper bound (65535) in [fcgi-program:f] socket"),
        (
            "socket=tcp://a:1\nsocket_mode=0700",
            "socket_owner and socket_mode params should only be used with a Unix domain socket in [fcgi-program:f] \
             socket",
        ),
        ("socket_backlog=65536", "Invalid socket_backlog value 65536"),
        ("socket_owner=nosuch", "Invalid socket_owner value nosuch"),
        ("socket_mode=9", "Invalid socket_mode value 9"),
    ] {
        assert_eq!(refused(&format!("[fcgi-program:f]\ncommand=x\n{text}")), sentence);
    }
}

/// A3.27, A3.28, A3.29, A3.30, A3.31, A7.26, A7.76, B2.8.13
#[test]
fn servers_open_inet_first_and_want_both_credentials() {
    let config = good(
        "[unix_http_server]\nfile= sock/../%(program)s.sock \n[inet_http_serverx]\nport=9001\nusername=u\n\
         password=1%%2\n\
         [inet_http_server:two]\nport=LOCALHOST:9002\nusername=\npassword=\n"
            .replace("%(program)s", "%(here)s")
            .as_str(),
    );
    let sections: Vec<&str> = config.servers.iter().map(|server| server.section.as_str()).collect();
    assert_eq!(sections, ["inet_http_serverx", "inet_http_server:two", "unix_http_server"]);
    let auth = Credentials { username: "u".to_owned(), password: "1%2".to_owned() };
    assert_eq!((config.servers[0].auth.as_ref(), config.servers[1].auth.as_ref()), (Some(&auth), None));
    let path = "/start/etc/sv.sock".into();
    let unix = Address::Unix { path, chmod: 0o700, chown: Ownership::default() };
    assert_eq!(config.servers[2].address, unix);
    for (text, sentence) in [
        ("[inet_http_server]", "section [inet_http_server] has no port value"),
        ("[unix_http_server]", "section [unix_http_server] has no file value"),
        ("[unix_http_server]\nfile=/s\nchmod=9", "Invalid chmod value 9"),
        ("[unix_http_server]\nfile=/s\nchown=nosuch", "Invalid sockchown value nosuch"),
        (
            "[inet_http_server]\nport=1\nusername=u",
            "Section [inet_http_server] contains incomplete authentication: If a username or a password is specified, \
             both the username and password must be specified",
        ),
    ] {
        assert_eq!(refused(text), sentence);
    }
    assert!(refused("[inet_http_server]\nport=1\nusername=\npassword=x").contains("empty username"));
    assert!(refused("[inet_http_server]\nport=1\nusername=u\npassword=a%").contains("incomplete format"));
    assert!(refused("[inet_http_server]\nport=%(here)s").contains("names ('here')"));
}

/// A2.19, A3.85: upstream makes the interfaces with a server, not when it reads.
#[test]
fn arguments_of_the_interface_matter_at_a_start_only() {
    let standard = "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface";
    let text = format!("[rpcinterface:fine]\n{standard}\n[rpcinterface:other]\n{standard}\nretries=1\n");
    let refused = good(&format!("[inet_http_server]\nport=1\n{text}")).check_start().unwrap_err();
    assert_eq!(refused.to_string(), "Could not make other rpc interface");
    assert_eq!(good(&text).check_start(), Ok(()), "no server, no interface");
}

/// A3.85, A3.86, B4.1.6, B4.1.8
#[test]
fn only_the_standard_rpc_interface_is_served() {
    let standard = "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface";
    let text = format!("[rpcinterface:supervisor]\n{standard}\n[rpcinterface:other]\n{standard}\n");
    assert_eq!(good(&text).rpc_namespaces, ["supervisor", "other"]);
    assert_eq!(good(&text).check_start(), Ok(()));
    let missing = "section [rpcinterface:x] does not specify a supervisor.rpcinterface_factory";
    assert_eq!(refused("[rpcinterface:x]\n"), missing);
    let foreign = "[rpcinterface:x]\nsupervisor.rpcinterface_factory=foo:bar\na=%(nosuch)s\n";
    let sentence = refused(foreign);
    assert!(sentence.starts_with("foo:bar cannot be resolved within [rpcinterface:x]: "), "{sentence}");
    assert!(sentence.contains("foreign_rpcinterfaces=ignore in [supervisord]"), "{sentence}");
    let config = good(&format!("foreign_rpcinterfaces=ignore\n{text}{foreign}"));
    assert_eq!(config.rpc_namespaces, ["supervisor", "other"]);
    assert_eq!(warnings(&config), ["Ignored [rpcinterface:x], since foo:bar is not built in"]);
}
