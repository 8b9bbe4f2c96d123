"""Texts for each type of key: good ones, edges, bad ones.

A type that is missing here fails the test, as does one of which nothing is
accepted or, where a text can be wrong, nothing refused.
"""

PERCENT = ["%(here)s", "%", "%%", "%(no_such)s", "%(ENV_FIVE)s", "%(host_node_name)s", "%(program_name)s", "%d", "%s"]
NUMBERS = ["5", "0", "-2", "+7", "1_0", "007", "٣", "99999999999999999999", "", "x", "1.5", "0x10", "1__0", "1e3", "5 6", "-"]
TRUTHS = ["true", "YES", "On", "1", "false", "no", "OFF", "0", "", "2", "maybe", "truee", "t", "None"]
USERS = ["root", "0", "nobody", "daemon", "00", "", "nosuch", "99999", "-1", "root:root", "+0", "1.0"]
OWNERS = [*USERS, "root:daemon", "0:0", "nobody:", ":root", "root:nosuch", "root:99999", "a:b:c", "root:0:0"]
PATHS = ["/tmp/x", "x", "~/x", "~nosuch/x", "%(here)s/x", "", "d/x", "./d/../x", "/nonexist/x", "/tmp/", "~", "~root", "a b"]

OF_KIND = {
    "Text": ["x", "a b", "", "AUTO", " auto ", "a=b:c", "'x'", '"', "é", "\\", "http://x:1", "{SHA}x", "x;y", "x#y"],
    "Integer": NUMBERS,
    "Boolean": TRUTHS,
    "ByteSize": [*NUMBERS, "1KB", "2mb", "1 GB", "-5KB", "1K", "10B", "1.5MB", "KB", "9999999999GB", "1kbmb", "１KB"],
    "Octal": ["022", "0o22", "0O7", "77777", "0", "", "8", "x", "-1", "0x1", "0o", "0_7", "99999", "40000000000", " 7"],
    "Signal": ["TERM", "sigterm", " Hup ", "9", "0", "15", "34", "64", "35", "65", "-1", "FOO", "", "SIG", "RTMIN", "RTMIN+1",
               "_DFL", "SIG_IGN", "_BLOCK", "CLD", "POLL", "SIGSIGTERM", "1.0", "0x9"],
    "ExitCodes": ["0", "0,2", " 1 , 2 ", "", "255", "256", "-1", "0,", ",0", "a", "0;1", "0 1", "1_0", "0,0"],
    "AutoRestart": [*TRUTHS, "unexpected", "UnExpected", "always", "never", " true"],
    "LogLevel": ["info", "DEBUG", "Warn", "critical", "error", "trace", "blather", "warning", "CRIT", "", "x", "__dict__", "20"],
    "User": USERS,
    "UserGroup": OWNERS,
    "Directory": ["/tmp", "d", "%(here)s", "~", "", "/nonexist", "file", "/tmp/", ".", "~nosuch", "%(here)s/d"],
    "DirPath": [*PATHS, "syslog", "SYSLOG", "NONE", "AUTO", "file/x"],
    "Path": PATHS,
    "LogfileName": [*PATHS, "AUTO", "auto", "NONE", "off", "syslog", "SysLog", "a%%b.log", "a%%%%b.log", "%(program_name)s.log"],
    "InetAddress": ["9001", ":80", "*:80", "LocalHost:1", "[::1]:9001", "a:b:1", "", "0", "abc", "h:", "h:0", "h:70000", "h:abc",
                    " 80", "h: 80", "*", "65535", "65536", "-1", "::1:80"],
    "Socket": ["tcp://localhost:9000", "tcp://HOST:1", "tcp://a:99999", "tcp://a:0", "tcp://a", "tcp://a:b", "tcp://a b:1",
               "tcp://[::1]:1", "TCP://a:1", "tcp://a:1\n", "unix:///tmp/x.s", "unix:///tmp/../x.s", "unix:///%(program_name)s",
               "unix://x", "unix://", "UNIX:///x", "", "junk", "unix:////x", "unix:///a//b/", "unix://~/x", "tcp://a:٣"],
    "List": ["", "p", "q", " p , q ", "p,", "p,,q", "p p", "zzz", "P", "p;q", "TICK_5", "tick_5, TICK_60", "EVENT", "event,",
             "PROCESS_STATE_RUNNING,PROCESS_STATE", "FOO", "SUPERVISOR_STATE_CHANGE", "PROCESS_LOG,PROCESS_LOG"],
    "Name": ["x", "%(program_name)s", "%(program_name)s_%(process_num)02d", "%(group_name)s", "a b", "a:b", "a/b", "", "%(here)s",
             " x ", "é", "x%(ENV_FIVE)s", "%(process_num)", "%(host_node_name)s", "%(numprocs)d"],
    "Environment": ["A=1", 'A="1",B="%(program_name)s"', "A", "A=", "A=1,,B=2", 'A="x', "FIVE=6", 'A="x""y"', "A=a b", "",
                    "P=%(here)s", 'Q="%%"', 'A="50%%"', 'A="%%%%"', "H=%(host_node_name)s", "A=1,\n  B=2", "A=a\\ b", "N=%(ENV_FIVE)s",
                    "A=%(ENV_A)s", '"A"=1'],
    "Factory": ["supervisor.rpcinterface:make_main_rpcinterface", "supervisor.dispatchers:default_handler", "", "foo:bar", "foo",
                "supervisor.nosuch:x", "supervisor.options:nosuch", "%(here)s", "a:b:c"],
}  # fmt: skip
# Types of which every text is sound, as far as the reader goes.
NEVER_REFUSED = {"Text", "Path"}


def of(kind):
    """All texts for keys of this type; what holds for each, last."""
    return OF_KIND[kind] + [text for text in PERCENT if text not in OF_KIND[kind]]
