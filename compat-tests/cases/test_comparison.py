"""Configuration text read by both readers: equal results, equal errors, for
thousands of texts that a seed makes up. CONFIG_SEED=7 asks for others,
CONFIG_FACTOR=20 for more; a failure shows the seed."""

import re

import pytest

from comparison import configs, probes, texts, values
from comparison.probes import Probes, request

DAEMON_SECTIONS = [
    "supervisord", "program", "eventlistener", "fcgi-program", "group", "unix_http_server", "inet_http_server", "rpcinterface",
]  # fmt: skip
FEW = 0.15  # a share of soups that must be sound, so that more than errors is compared


@pytest.fixture
def both(request, tmp_path):
    """Both readers in a folder of their own."""
    if request.config.getoption("--record") or request.config.getoption("--target") not in ("ours", "both"):
        pytest.skip("the comparison is about our reader")
    for name, text in configs.INCLUDED.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "file").touch()
    return Probes(tmp_path, {"FIVE": "5", "A": "a%d"})


@pytest.fixture
def whole(both):
    """Compares whole configurations: pairs of what to show and the text."""

    def compare(asked):
        pairs = []
        for index, (shown, text) in enumerate(asked):
            path = both.folder / f"c{index}.conf"
            path.write_text(text, newline="")
            pairs.append((f"{shown}\n{text}", request("load", str(path))))
        both.compare(pairs)

    return compare


@pytest.fixture
def table(both):
    """Our table of sections and keys."""
    return both.ours(request("keys"))[0]


def snippets(both, kind, count, make, *more):
    made = texts.made(kind, count, make)
    both.compare((f"{shown}\n{text!r}", request(kind, text, *more)) for shown, text in made)
    assert both.accepted > FEW * both.asked, "the generator makes next to nothing that is sound"
    assert both.accepted < both.asked, "the generator makes no mistakes"


@pytest.mark.contract(
    "A2.2", "A2.3", "A2.4", "A2.5", "A2.6", "A2.7", "A2.8", "A2.9", "A2.10", "A2.11", "A2.12", "A2.13", "A2.14", "A2.15",
    "A2.16", "A2.17", "A2.18", "A2.19", "A2.21", "A2.22", "A2.24", "A2.26",
)  # fmt: skip
def test_sections_and_options(both):
    snippets(both, "ini", 3000, texts.ini, "/etc/x.conf")
    assert both.rules == {"A2.2"}


@pytest.mark.contract(
    "A2.80", "A2.81", "A2.82", "A2.83", "A2.84", "A2.85", "A2.86", "A2.87", "A2.88", "A2.90", "A2.91", "A2.92", "A2.93",
)  # fmt: skip
def test_environment(both):
    snippets(both, "environment", 3000, texts.environment)
    assert both.rules == {"A2.90"}


@pytest.mark.contract("A2.54", "A2.55", "A2.56", "A2.57", "A2.58", "A2.59", "A2.60")
def test_expansions(both):
    names = [word for pair in texts.NAMES.items() for word in pair]
    snippets(both, "expand", 3000, texts.expand, "program:a.command", *names)
    assert both.rules == {"A2.59"}


@pytest.mark.contract("A2.94", "A4.41")
def test_words_of_commands(both):
    snippets(both, "words", 2000, texts.words)


@pytest.mark.contract("A2.31", "A2.32", "A2.33", "A2.34", "A2.35", "A10.5")
def test_includes(both, whole):
    """The order in which files are read is seen in the news and in who wins."""
    for name in texts.TREE:
        path = both.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[program:p]\ncommand=%(here)s {name}\n[program:{len(name)}]\ncommand=x\n")
    (both.folder / "a.ini.link").symlink_to("nowhere.ini")
    (both.folder / "loop.ini").symlink_to("loop.ini")
    both.environment["X"] = "a.ini"
    made = texts.made("include", 400, texts.patterns)
    whole((shown, f"[supervisord]\n[include]\nfiles={text}\n") for shown, text in made)


def every_value(section):
    """Each key of a kind of section with each text of its type, and without it."""
    for key, kind in configs.rows(section).items():
        for value in [None, *values.of(kind)]:
            yield f"{key} is a {kind}: {value!r}", configs.with_key(section, key, value)


@pytest.mark.contract(
    "A2.61", "A2.62", "A2.63", "A3.1", "A3.2", "A3.3", "A3.4", "A3.5", "A3.10-A3.22", "A3.25-A3.29", "A3.40-A3.63", "A3.70-A3.73",
    "A3.76-A3.78", "A3.80-A3.85",
)  # fmt: skip
@pytest.mark.parametrize("kind", DAEMON_SECTIONS)
def test_every_value_of_every_key(both, whole, table, kind):
    (section,) = [section for section in table if section["name"] == kind]
    whole(every_value(section))


@pytest.mark.contract("A3.1")
def test_every_type_has_good_and_bad_texts(both, whole, table):
    """The table of texts is no use where nothing is accepted, or nothing refused."""
    kinds = {}
    for section in table:
        if section["name"] in DAEMON_SECTIONS:
            for key, kind in configs.rows(section).items():
                kinds.setdefault(kind, (section, key))
    for kind, (section, key) in kinds.items():
        paths = []
        for index, value in enumerate(values.OF_KIND[kind]):
            paths.append(both.folder / f"{kind}{index}.conf")
            paths[-1].write_text(configs.with_key(section, key, value))
        refused = ["error" in answer for answer in both.ours(*(request("load", str(path)) for path in paths))]
        assert refused.count(False) >= 1, f"{kind}: nothing is accepted"
        assert refused.count(True) >= 1 or kind in values.NEVER_REFUSED, f"{kind}: nothing is refused"
        assert len(refused) >= 3, f"{kind}: too few texts"


ON_PURPOSE = {
    "A2.1": "[program:a]\ncommand=x\nprocess_name=%(process_num)d\nnumprocs=100001\n",
    "A2.39": "[program:a]\ncommand=%%(here)s\n[include]\nfiles=none\n",
    "A2.59": "[program:a]\ncommand=%s\n",
    "A2.66": "environment=A=\"100%%%%\",H=%(host_node_name)s\n",
    "A2.67": "[program:a]\ncommand=x\nstdout_logfile=a%%b.log\nstderr_logfile=a%%%%b.log\n",
    "A2.90": "[program:a]\ncommand=x\nenvironment=A=\"x\"\"y\"\n[program:b]\ncommand=x\nenvironment=A=a\\ b\n",
    "A3.1": "minfds=99999999999999999999\n[program:a]\ncommand=x\numask=-1\n",
    "A3.3": "[program:a]\ncommand=x\nstopsignal=_DFL\n",
    "A3.26": "[inet_http_server]\nport=[::1]:9001\n",
    "A3.27": "[inet_http_server]\nport=9001\nusername=\npassword=p\n",
    "A3.41": "[program:a]\ncommand=x\nprocess_name=%(here)s\n",
    "A3.64": "[program:]\ncommand=x\n",
    "A3.79": "[eventlistener: l ]\ncommand=x\nevents=EVENT\n",
    "A3.80": "[program:a]\ncommand=x\n[group:g]\nprograms=a,nosuch\n",
    "A3.84": "[fcgi-program:f]\ncommand=x\nsocket=junk\n",
    "A3.85": "[eventlistener:l]\ncommand=x\nevents=EVENT\nresult_handler=foo:bar\n",
    "A3.88": "[fcgi-program:f]\ncommand=x\nsocket=unix:///tmp/f.sock\n[group:g]\nprograms=f\n",
}


@pytest.mark.contract(
    "A2.39", "A2.59", "A2.66", "A2.67", "A2.90", "A3.1", "A3.3", "A3.26", "A3.27", "A3.41", "A3.64", "A3.79", "A3.80", "A3.84",
    "A3.85", "A3.88",
)  # fmt: skip
def test_every_difference_is_one(both):
    """A rule for what the reference does as we do would hide a mistake."""
    paths = [both.folder / f"{item}.conf" for item in ON_PURPOSE]
    for path, text in zip(paths, ON_PURPOSE.values()):
        path.write_text(f"[supervisord]\n{text}")
    asked = [request("load", str(path)) for path in paths]
    ruled, ours = both.theirs(*asked), both.ours(*asked)
    assert both.each == [[item] for item in ON_PURPOSE]
    # The first really makes 100,001 processes without its rule, for ten seconds.
    plain = [None, *both.theirs(*asked[1:], plain=True)]
    for item, *answers in zip(ON_PURPOSE, ruled, plain, ours):
        assert answers[1] != answers[2], f"{item} is no difference"
        assert answers[0] == answers[2], item
    assert differences_listed() == {"A2.2", *ON_PURPOSE}, "a rule without its example, or the reverse"


def differences_listed():
    """The items of the rules, read as text: importing them imports the reference."""
    source = probes.REFERENCE.with_name("differences.py").read_text()
    return set(re.findall(r'applied\.add\("(.*?)"\)', source))


WHOLE = pytest.mark.contract(
    "A2.18", "A2.19", "A2.20", "A2.23", "A2.25", "A2.30", "A2.34", "A2.37", "A2.38", "A2.39", "A2.41", "A2.50", "A2.51", "A2.52",
    "A2.53", "A2.61", "A2.63", "A2.66", "A2.67", "A3.4", "A3.5", "A3.30", "A3.31", "A3.41", "A3.62", "A3.65", "A3.79", "A3.80",
    "A3.81", "A3.86", "A3.88", "A4.85", "A4.86", "A4.87", "A4.88",
)  # fmt: skip


@WHOLE
def test_whole_configurations(both, whole, table):
    """Mostly sound, as people have them."""
    whole(texts.made("config", 400, configs.whole(table, slip=0.01)))
    assert both.accepted > both.asked / 2


@WHOLE
def test_whole_configurations_with_slips(both, whole, table):
    """One or two things are wrong in most of them: the same one is told."""
    whole(texts.made("slips", 400, configs.whole(table, slip=0.12)))
    assert both.accepted < both.asked / 2
