"""Makes up whole configurations from a seed: sections as people combine them."""

from comparison import values

# Sections that a section of this kind needs beside it, and the keys it must have.
AROUND = {
    "supervisord": "",
    "group": "[program:p]\ncommand=/bin/cat\n[program:q]\ncommand=/bin/cat\n[fcgi-program:f]\ncommand=/bin/cat\n"
    "socket=unix:///tmp/f.sock\n",
}
MUST = {
    "program": {"command": "/bin/cat"},
    "eventlistener": {"command": "/bin/cat", "events": "TICK_5"},
    "fcgi-program": {"command": "/bin/cat", "socket": "unix:///tmp/f.sock"},
    "group": {"programs": "p"},
    "unix_http_server": {"file": "/tmp/s.sock"},
    "inet_http_server": {"port": "9001"},
    "rpcinterface": {"supervisor.rpcinterface_factory": values.OF_KIND["Factory"][0]},
}


def with_key(section, key, value):
    """The smallest configuration in which a key of a kind of section has this
    value; None leaves the key out."""
    other = {"username": {"password": "p"}, "password": {"username": "u"}}.get(key, {})
    lines = {**MUST.get(section["name"], {}), **other, key: value}
    lines = {name: text for name, text in lines.items() if text is not None}
    head = section["name"] + (":x" if section["named"] else "")
    text = f"[{head}]\n" + "".join(f"{name}={text}\n" for name, text in lines.items())
    main = "" if section["name"] == "supervisord" else "[supervisord]\n"
    return main + AROUND.get(section["name"], "") + text


NAMES = ["a", "b", "web", "zz", "9", "été", " d "]
BAD_NAMES = ["a b", "x/y", "a:b"]
COMMANDS = [
    "/bin/cat", "cat -x %(process_num)s", 'sh -c "x" ; c', "%(ENV_HOME)s/run", "%(host_node_name)s %(group_name)s", "a\n  b",
    "%(program_name)s-%(process_num)03d", "echo 100%%",
]  # fmt: skip
INCLUDED = {
    "d/a.ini": "[program:inc]\ncommand=%(here)s/x\nstdout_logfile=%(here)s/%(program_name)s.log\n",
    "d/b.ini": "[program:a]\nstartsecs=9\n[supervisord]\nidentifier=inc\n",
    "d/c.ini": "[group:inc]\nprograms=a,inc\n[DEFAULT]\nstopwaitsecs=4\n",
    "d/deep.ini": "[include]\nfiles=nothing\n[eventlistener:inc]\ncommand=%(here)s/l\nevents=EVENT\n",
}
FACTORY = "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"


class Maker:
    """One configuration; `slip` is how often a text may be any of its type, bad ones too."""

    def __init__(self, r, table, slip):
        self.r, self.slip = r, slip
        self.kinds = {section["name"]: rows(section) for section in table}

    def rarely(self, share):
        return self.r.random() < share

    def text(self, kind, name):
        """A text for a key."""
        r = self.r
        if self.rarely(self.slip):
            return r.choice(values.of(kind))
        good = {
            "Integer": ["1", "5", "0", "12", "-1", "%(ENV_FIVE)s"], "Boolean": ["true", "false", "yes", "No", "1", "off"],
            "ByteSize": ["50MB", "1KB", "0", "2gb", "100"], "Octal": ["022", "0700", "077", "0"], "Signal": ["TERM", "QUIT", "9", "hup"],
            "ExitCodes": ["0", "0,2", "", "1"], "AutoRestart": ["true", "false", "unexpected"], "LogLevel": ["info", "debug", "warn"],
            "User": ["root", "nobody", "0"], "UserGroup": ["root", "nobody:nogroup", "0:0"], "Directory": ["/tmp", "d", "%(here)s"],
            "DirPath": ["/tmp/x.log", "x.log", "%(here)s/x.log", "~/x.log"], "Path": ["/tmp", "%(here)s/s", "~/x", "rel"],
            "LogfileName": ["AUTO", "NONE", "/tmp/%(program_name)s-%(process_num)d.log", "%(here)s/x.log", "syslog", "rel.log"],
            "InetAddress": ["9001", "*:9001", "LocalHost:9001"], "Socket": ["tcp://localhost:9000", "unix:///tmp/%(program_name)s.s"],
            "List": ["TICK_5", "PROCESS_STATE, tick_60", "EVENT"], "Environment": ["A=1", 'A="%(ENV_HOME)s",B="x y"', "FIVE=6", 'S="%%"'],
            "Text": ["x", "a b", "%(ENV_HOME)s", ""], "Name": ["%(program_name)s_%(process_num)02d", "%(group_name)s_%(process_num)d"],
            "Factory": ["supervisor.dispatchers:default_handler"],
        }  # fmt: skip
        return r.choice(COMMANDS if name == "command" else good[kind])

    def section(self, kind, suffix="", must=(), keys=3, **fixed):
        """A section with its needed keys and a few of the others."""
        r = self.r
        table = self.kinds[kind]
        chosen = [name for name in table if name in must or r.random() < keys / len(table)]
        chosen = [name for name in chosen if name not in fixed and not self.rarely(self.slip / 4)]
        r.shuffle(chosen)
        lines = [(name, self.text(table[name], name)) for name in chosen] + list(fixed.items())
        if dict(lines).get("numprocs") not in (None, "0", "1", "-1") and "process_name" not in dict(lines):
            lines.append(("process_name", "%(program_name)s_%(process_num)02d"))
        written = "".join(self.line(name, text) for name, text in lines)
        return f"[{kind}{suffix}]\n{written}" + r.choice(["", "\n", "; words\n", "unknown=1\n"])

    def line(self, name, text):
        r = self.r
        name = r.choice([name, name, name, name.upper()])
        return f"{name}{r.choice(['=', '=', ' = ', ':', ' : '])}{text}{r.choice(['', '', '', ' ; words', ' # words', '  '])}\n"

    def name(self):
        return self.r.choice(BAD_NAMES) if self.rarely(self.slip / 4) else self.r.choice(NAMES)

    def config(self):
        r = self.r
        out = [self.section("supervisord", keys=2 if r.random() < 0.6 else 0)] * (not self.rarely(self.slip / 4))
        programs = []
        for _ in range(r.randint(0, 4)):
            programs.append(self.name())
            out.append(self.section("program", f":{programs[-1]}", ["command"], r.choice([1, 3, 6])))
        if self.rarely(0.3):
            out.append(self.section("eventlistener", ":" + r.choice(["l", "a", "ll", " p "]), ["command", "events"]))
        if self.rarely(0.3):
            programs.append(r.choice(["f", "fa", "a"]))
            out.append(self.section("fcgi-program", f":{programs[-1]}", ["command", "socket"]))
        if self.rarely(0.4):
            members = r.sample(programs, min(len(programs), r.randint(0, 2))) + ["zzz"] * self.rarely(self.slip)
            out.append(self.section("group", ":" + r.choice(["g", "a", "h h"] if self.rarely(0.1) else ["g", "h"]),
                                    programs=r.choice([",", ", "]).join(name.strip() for name in members)))  # fmt: skip
        for kind, must in (("unix_http_server", "file"), ("inet_http_server", "port")):
            if self.rarely(0.35):
                both = {"username": "u", "password": "p%%"} if self.rarely(0.5) else {}
                out.append(self.section(kind, r.choice(["", "", "", ":x", "y"]), [must], 0 if both else 1, **both))
        if self.rarely(0.4):
            out.append(f"[rpcinterface:{r.choice(['supervisor', 'x y'])}]\n{FACTORY}")
        if self.rarely(0.12):
            default = ["startsecs=4", "priority=3", "command=/bin/def", "directory=%(here)s", "stdout_logfile=%(here)s/x", "a=%%(here)s"]
            out.append("[DEFAULT]\n" + r.choice(default) + "\n")
        if self.rarely(0.35):
            files = ["d/*.ini", "none*", "d/a.ini d/b.ini", "%(here)s/d/?.ini", "%(ENV_HOME)s/none", "d", "d/[bc].ini", "d/deep.ini"]
            out.append(f"[include]\nfiles={r.choice(files)}\n")
        r.shuffle(out)
        return "".join(out)


def rows(section):
    """Types of a section's keys by name; the reference knows no others."""
    return {key["name"]: key["kind"] for key in section["keys"] if key["since"] != "ours"}


def whole(table, slip):
    """For `texts.made`."""
    return lambda r: Maker(r, table, slip).config()
