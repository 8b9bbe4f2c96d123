"""Namespaces for the reference: one method for each thing that an answer can be."""

from supervisor.http import NOT_DONE_YET
from supervisor.xmlrpc import RPCError


class Answers:
    """What the methods of a plug-in may return, and what they must not."""

    notcallable = 5
    fn = len

    def __init__(self, options):
        self.options = options

    def hello(self, a, b="x"):
        """Greets.

        @param string a  whom
        @return string result  the greeting
        """
        return f"hello {a} {b} {sorted(self.options.items())}"

    def nodoc(self):
        return True

    def none(self):
        return None

    def tup(self):
        return (1,)

    def tup2(self):
        return (1, 2)

    def flt(self):
        return 1.5

    def big(self):
        return 2**40

    def byt(self):
        return b"\xff\x00"

    def apos(self):
        return "a'b\"c]]>d"

    def ctrl(self):
        return "a\x00\x01\x08\x0b\x1f\x7f\x85\ufffe\r\nb"

    def boom(self):
        raise KeyError("boom")

    def typeerr(self):
        raise TypeError("inner")

    def _hidden(self):
        return 1

    @staticmethod
    def stat():
        return "static"

    @classmethod
    def clsm(cls):
        return "class"

    def lam(self):
        return lambda: 1

    def deferred(self):
        """Done when it is asked for the third time."""
        asked = []

        def later():
            asked.append(1)
            return "done" if len(asked) > 2 else NOT_DONE_YET

        later.delay = 0.1
        return later


class Faults:
    """Faults with a number of their own."""

    def f230(self):
        raise RPCError(230, "extra")

    def f230b(self):
        raise RPCError(230)


def make(supervisord, **options):
    """The factory of `my-ns`."""
    return Answers(options)


def make_faulty(supervisord, **options):
    """The factory of `tw`."""
    return Faults()
