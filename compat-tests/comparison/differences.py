"""The reference with our differences on purpose: a rule for each.

`apply` puts the rules around functions of the reference. Each is named by its
item in docs/differences.md, which gives the reason, and notes when it changed
an answer, so that a rule that nothing needs is seen.
"""

import functools
import re
import shlex
import sys

from supervisor import datatypes, options

applied = set()  # the items of the rules that changed the present answer
ambiguous = []  # variables that two releases read differently (A2.90)

MAX_PROCESSES = 100_000
SMALLEST, LARGEST = -(2**63) + 1, 2**63 - 1
STANDARD = {
    "factory": "supervisor.rpcinterface:make_main_rpcinterface",
    "result_handler": "supervisor.dispatchers:default_handler",
}
FOREIGN = (
    ": Python plug-ins are not supported; remove it, or set foreign_rpcinterfaces=ignore in [supervisord] to start "
    "without it"
)
TWO_READINGS = (
    "For [%s], the quotes or backslashes around %s in environment are read as Supervisor 4.3 does; Supervisor 4.4 "
    'reads them differently.  Write %s="value" without quotes or backslashes in the value to avoid this message.'
)


def without_mark(text):
    """A2.2: a byte order mark is no text."""
    if text.startswith("\ufeff"):
        applied.add("A2.2")
    return text.removeprefix("\ufeff")


def around(holder, name):
    """The decorated function, given the original first, takes its place."""

    def put(rule):
        rules.append((holder, name, rule))
        return rule

    return put


rules = []


def apply():
    # A set has no order, so which of two unknown events is told is chance: the first.
    options.set = lambda items: list(dict.fromkeys(items))
    options.range = numbers
    for holder, name, rule in rules:
        setattr(holder, name, put_around(holder, getattr(holder, name), rule))


def put_around(holder, original, rule):
    """A function of the module, or a method, that goes through the rule. A
    partial has no frame of its own, so `local` finds the caller."""
    if holder is options:
        return functools.partial(rule, original)
    return lambda self, *args, **kwargs: rule(original, self, *args, **kwargs)


def local(name, depth=2):
    """A local variable of the reference's function that called the rule."""
    return sys._getframe(depth).f_locals.get(name)


class Names(dict):
    """A2.59: does not show the values of all variables."""

    def __repr__(self):
        applied.add("A2.59")
        raise ValueError("a name in parentheses must follow the percent sign")


Names.__name__ = "dict"  # as errors call it


@around(options, "expand")
def expand(original, text, names, option):
    if option == "supervisord.environment":  # A2.66: once is enough, in the second round
        return text
    if option in ("stdout_logfile", "stderr_logfile"):  # A2.67: the second round joins percent signs only
        if "%" in text:
            applied.add("A2.67")
        return text.replace("%%", "%")
    if option == "environment" and local("fp") is not None:
        try:
            twice = original(original(text, {k: v for k, v in names.items() if k != "host_node_name"}, option), names, option)
        except ValueError:
            twice = None
        if twice != original_or_none(original, text, names, option):
            applied.add("A2.66")
    result = original(text, Names(names), option)
    if option == "process_name":  # A3.41: characters are looked at once more
        named = None
        try:
            named = datatypes.process_or_group_name(result)
        finally:
            if named != result:
                applied.add("A3.41")
        return named
    return result


def original_or_none(original, *args):
    try:
        return original(*args)
    except ValueError:
        return None


@around(options.UnhosedConfigParser, "expand_here")
def expand_here(original, parser, here):
    """A2.39: `%%(here)s` is a percent sign, and so is one in the folder's name."""
    hidden = "\x00\x00"
    own = [(name, section) for name, section in parser._sections.items()] + [("DEFAULT", parser._defaults)]
    for _, section in own:
        for key, value in section.items():
            if "%%(here)s" in value:
                applied.add("A2.39")
            section[key] = value.replace("%%", hidden)
    original(parser, here.replace("%", "%%"))
    for _, section in own:
        for key, value in section.items():
            section[key] = value.replace(hidden, "%%")


def newer(text):
    """`environment` as Supervisor 4.4 reads it (A2.92)."""
    lexer = shlex.shlex(text, posix=True)
    lexer.wordchars += "/.+-():"
    tokens = list(lexer)
    variables = {}
    for at in range(0, len(tokens), 4):
        if len(tokens) < at + 3 or tokens[at + 1] != "=":
            raise ValueError("no pair")
        variables[tokens[at]] = tokens[at + 2]
    return variables


@around(options, "dict_of_key_value_pairs")
def pairs(original, text):
    """A2.90: what only 4.4 understands is read; what both read differently is told."""
    section, server = local("section"), local("self")
    try:
        later = newer(text)
    except ValueError:
        later = None
    try:
        variables = original(text)
    except ValueError:
        if later is None:
            raise
        applied.add("A2.90")
        return later
    later = later or {}
    names = sorted(variables) + sorted(set(later) - set(variables))
    ambiguous[:] = [name for name in names if variables.get(name) != later.get(name)]
    for name in ambiguous:
        applied.add("A2.90")
        line = TWO_READINGS % (section if isinstance(section, str) else "supervisord", name, name)
        if server is not None and line not in server.parse_warnings:
            server.parse_warnings.append(line)
    return variables


@around(options, "integer")
@around(options, "byte_size")
def number(original, value):
    """A3.1: numbers have 64 bits; the nearest end stands for those beyond."""
    result = original(value)
    if not SMALLEST <= result <= LARGEST:
        applied.add("A3.1")
    return max(SMALLEST, min(result, LARGEST))


def numbers(first, end):
    """A2.1: a configuration has at most so many processes."""
    if end - first > MAX_PROCESSES:
        applied.add("A2.1")
        raise ValueError(f"numprocs brings the number of processes above {MAX_PROCESSES}")
    return [min(number, LARGEST) for number in range(first, end)]


@around(options, "octal_type")
def octal(original, value):
    """A3.1: no mode or mask is negative or above 32 bits."""
    result = original(value)
    if not 0 <= result < 2**32:
        applied.add("A3.1")
        raise ValueError("%s can not be converted to an octal type" % value)
    return result


@around(options, "signal_number")
def signal(original, value):
    """A3.3: constants of Python's module that are no signals."""
    result = original(value)
    if value.strip().upper().removeprefix("SIG").startswith("_"):
        applied.add("A3.3")
        raise ValueError("value %r is not a valid signal name" % value)
    return result


@around(options, "logging_level")
def level(original, value):
    """A3.3: attributes of Python's class that are no levels."""
    result = original(value)
    if not isinstance(result, int):
        applied.add("A3.3")
        raise ValueError("bad logging level name %r" % value)
    return result


@around(options, "inet_address")
def inet_address(original, text):
    """A3.26: brackets are IPv6's."""
    host, port = original(text)
    if host.startswith("[") and host.endswith("]"):
        applied.add("A3.26")
        host = host[1:-1]
    return host, port


@around(options.ServerOptions, "_parse_username_and_password")
def credentials(original, server, parser, section):
    """A3.27: a password that nobody is asked for."""
    both = original(server, parser, section)
    if both["username"] == "" and both["password"]:
        applied.add("A3.27")
        raise ValueError(f"Section [{section}] has a password but an empty username: nobody could be asked for it")
    return both


@around(options, "process_or_group_name")
def name(original, text):
    """A3.64: a section without a name."""
    section, server = local("section"), local("self")
    if section.startswith("group:"):
        server.group_section = section
    result = original(text)
    if result == "":
        if local("program_name") is not None:  # an option's text, which may be empty
            return result
        applied.add("A3.64")
        raise ValueError(f"section [{section}] does not have a name")
    return result


@around(options, "EventListenerPoolConfig")
def pool(original, server, name, *rest):
    """A3.79: as the names of other groups."""
    if name != name.strip():
        applied.add("A3.79")
    return original(server, name.strip(), *rest)


@around(options.ServerOptions, "parse_fcgi_socket")
def fcgi_socket(original, server, *args):
    """A3.84: sentences instead of tuples."""
    try:
        return original(server, *args)
    except ValueError as error:
        if len(error.args) > 1:
            applied.add("A3.84")
            raise ValueError(error.args[0] % error.args[1:]) from None
        raise


@around(options.ServerOptions, "import_spec")
def import_spec(original, server, spec):
    """A3.85: nothing else is built in."""
    if spec != STANDARD["result_handler" if local("pool_name", depth=3) is not None else "factory"]:
        applied.add("A3.85")
        raise ImportError(spec)
    return original(server, spec)


@around(options.ServerOptions, "usage")
def usage(original, server, text):
    text = str(text)
    if re.search(r" cannot be resolved within \[.*\]$", text):  # A3.85: and what to do about it
        text += FOREIGN
    unknown = re.match(r"\[(?:fcgi-)?program:.*?\] (names unknown |name \S+ is ambiguous )", text)
    if unknown:  # A3.80: the group is to blame
        applied.add("A3.80")
        text = f"[{server.group_section}] {text[unknown.start(1):]}"
    return original(server, text)


class OneSection:
    """A parser that has one section left, and no priority in it."""

    def __init__(self, parser, section):
        self.parser, self.section = parser, section

    def sections(self):
        return [self.section]

    def saneget(self, section, option, default, **kwargs):
        return default if option == "priority" else self.parser.saneget(section, option, default, **kwargs)


@around(options.ServerOptions, "processes_from_section")
def processes(original, server, parser, section, group_name, klass=None):
    if isinstance(parser, OneSection):
        return []
    shared = None
    if section.startswith("fcgi-program:") and klass is options.ProcessConfig:  # A3.88: a member has its socket, too
        applied.add("A3.88")
        (alone,) = server.process_groups_from_parser(OneSection(parser, section))
        shared = alone.socket_config
    configs = original(server, parser, section, group_name.strip(), klass)
    if shared is not None:
        for config in configs:
            config.socket_config = shared
    return configs
