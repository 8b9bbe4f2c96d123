"""Tells what the reference makes of texts, request by request as our probe does.

Run with the venv's Python in the folder and with the environment that count
for the texts. The rules of `differences` apply unless `--plain` is given.
"""

import configparser
import io
import json
import shlex
import sys

from supervisor import datatypes, events, loggers, options
from supervisor.options import EventListenerPoolConfig

import differences

LEVELS = {number: word for word, number in (
    ("critical", loggers.LevelsByName.CRIT), ("error", loggers.LevelsByName.ERRO), ("warn", loggers.LevelsByName.WARN),
    ("info", loggers.LevelsByName.INFO), ("debug", loggers.LevelsByName.DEBG), ("trace", loggers.LevelsByName.TRAC),
    ("blather", loggers.LevelsByName.BLAT),
)}  # fmt: skip
RESTARTS = {
    datatypes.RestartUnconditionally: "always",
    datatypes.RestartWhenExitUnexpected: "unexpected",
    False: "never",
}


class Exit(Exception):
    """The reference would end now."""


def ini(text, file):
    parser = options.UnhosedConfigParser()
    try:
        parser.read_file(io.StringIO(differences.without_mark(text), newline=None), file)
    except configparser.Error as error:
        return {"error": str(error)}
    return {"sections": [[s, [[k, parser.get(s, k)] for k in parser.options(s)]] for s in parser.sections()]}


def environment(text):
    differences.ambiguous.clear()
    try:
        variables = options.dict_of_key_value_pairs(text)
    except ValueError as error:
        return {"error": str(error)}
    return {"variables": variables, "ambiguous": list(differences.ambiguous)}


def expand(text, option, *pairs):
    names = {}
    for name, value in zip(pairs[::2], pairs[1::2]):
        names[name.removeprefix("#")] = int(value) if name.startswith("#") else value
    try:
        return {"text": options.expand(text, names, option)}
    except ValueError as error:
        return {"error": str(error)}


def words(text):
    """The reference gives the command to shlex as it is."""
    try:
        return {"words": shlex.split(text)}
    except ValueError as error:
        return {"error": str(error)}


def load(path):
    server = options.ServerOptions()
    server.stderr = io.StringIO()

    def leave(code):
        raise Exit(code)

    server.exit = leave
    try:
        server.realize(args=["-c", path], doc="", progname="supervisord")
    except Exit as exit:
        said = server.stderr.getvalue()
        assert exit.args == (2,) and said.startswith("Error: "), said
        return {"error": said[len("Error: ") : said.rindex("\nFor help")]}
    return {
        "supervisord": main(server),
        "servers": [http_server(config) for config in server.server_configs],
        "rpcinterfaces": [name for name, _, _ in server.rpcinterface_factories],
        "groups": [group(config) for config in server.process_group_configs],
        "warnings": server.parse_warnings,
        "infos": server.parse_infos,
    }


def main(server):
    same = (
        "logfile", "logfile_maxbytes", "logfile_backups", "pidfile", "umask", "minfds", "minprocs", "uid", "directory",
        "childlogdir", "identifier",
    )  # fmt: skip
    flags = ("nodaemon", "silent", "nocleanup", "strip_ansi")
    return {
        **{name: getattr(server, name) for name in same},
        **{name: bool(getattr(server, name)) for name in flags},
        "loglevel": LEVELS[server.loglevel],
        "environment": server.configroot.supervisord.environment,
    }


def http_server(config):
    inet = "port" in config
    address = {name: config[name] for name in (("host", "port") if inet else ("file", "chmod", "chown"))}
    # an empty name is nobody's, as the server that is made of it sees it
    named = bool(config["username"])
    return {
        "section": config["section"],
        "address": address,
        "username": config["username"] if named else None,
        "password": config["password"] if named else None,
    }


def group(config):
    pool = None
    if isinstance(config, EventListenerPoolConfig):
        names = sorted(events.getEventNameByType(event) for event in config.pool_events)
        pool = {"buffer_size": config.buffer_size, "events": names}
    # a group keeps its processes by name: of two the last stays
    processes = {process.name: process for process in config.process_configs}
    return {
        "name": config.name,
        "priority": config.priority,
        "pool": pool,
        "processes": [process(p, getattr(config, "socket_config", None)) for p in processes.values()],
    }


def process(config, shared):
    same = (
        "name", "command", "directory", "umask", "priority", "autostart", "startsecs", "startretries", "stopwaitsecs",
        "stopasgroup", "killasgroup", "exitcodes", "redirect_stderr", "uid", "environment", "serverurl",
    )  # fmt: skip
    return {
        **{name: getattr(config, name) for name in same},
        "autorestart": RESTARTS[config.autorestart],
        "stopsignal": int(config.stopsignal),
        "stdout": channel(config, "stdout"),
        "stderr": channel(config, "stderr"),
        "socket": socket(getattr(config, "socket_config", shared)),
    }


def channel(config, name):
    keys = ("logfile", "logfile_maxbytes", "logfile_backups", "capture_maxbytes", "events_enabled", "syslog")
    shown = {key: getattr(config, f"{name}_{key}") for key in keys}
    if shown["logfile"] is datatypes.Automatic:
        shown["logfile"] = True
    return shown


def socket(config):
    if config is None:
        return None
    unix = isinstance(config, datatypes.UnixStreamSocketConfig)
    return {
        "url": config.url,
        "mode": config.mode if unix else None,
        "owner": list(config.owner or (-1, -1)) if unix else None,
        "backlog": config.backlog,
    }


VERBS = {verb.__name__: verb for verb in (ini, environment, expand, words, load)}


def answers(lines):
    for line in lines:
        verb, *texts = line.rstrip("\n").split(" ")
        differences.applied.clear()
        try:
            answer = VERBS[verb](*(bytes.fromhex(text).decode() for text in texts))
        except Exception as error:  # the reference would end with a traceback
            answer = {"crash": repr(error)}
        yield {"answer": answer, "rules": sorted(differences.applied)}


if __name__ == "__main__":
    if "--plain" not in sys.argv:
        differences.apply()
    for answer in answers(sys.stdin):
        print(json.dumps(answer))
