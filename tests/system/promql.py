"""What a PromQL expression selects: as much of the language as the checks of the boards need. Whether it parses at all is
for Prometheus to say."""
import collections
import re

# name: None in {...} alone; matchers: {label: (operator, value)}; window: the text in [...] or None; function: the call or
# aggregation that it is the argument of, or None; aggregation: the innermost that it is within, or None.
Selector = collections.namedtuple("Selector", "name matchers window function aggregation")
# [...] behind anything: a selector, or what is in parentheses (a subquery).
Window = collections.namedtuple("Window", "text function")

TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(\[[^\]]*\])|([A-Za-z_:][\w:]*)|(\d[\w.]*|\$\{?\w+\}?)|(.))', re.S)
LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = LISTS | {"and", "or", "unless", "offset", "bool", "atan2", "start", "end", "inf", "nan", "Inf", "NaN"}
AGGREGATIONS = set("sum min max avg count group stddev stdvar topk bottomk quantile count_values".split())


def tokens_of(expression):
    return ["".join(groups) for groups in TOKEN.findall(expression.strip())]


def matchers_of(tokens, at):
    """The matchers that begin at a brace, and where they end."""
    matchers = {}
    while tokens[at] != "}":
        at += 1
        if tokens[at] in ("}", ","):
            continue
        label, at = tokens[at], at + 1
        operator = tokens[at]
        if tokens[at + 1] in ("=", "~"):
            operator, at = operator + tokens[at + 1], at + 1
        matchers[label], at = (operator, tokens[at + 1][1:-1]), at + 1
    return matchers, at + 1


def look(expression):
    """All selectors and all windows of an expression."""
    tokens = tokens_of(expression) + [""]
    selectors, windows, calls, called, at = [], [], [], None, 0
    while tokens[at]:
        token = tokens[at]
        function = next((call for call in reversed(calls) if call), None)
        aggregation = next((call for call in reversed(calls) if call in AGGREGATIONS), None)
        if token in LISTS:
            at += 1
            if tokens[at] == "(":
                at = tokens.index(")", at) + 1
        elif token in AGGREGATIONS or (re.match(r"[A-Za-z_]", token) and tokens[at + 1] == "(" and token not in WORDS):
            called, at = token, at + 1
        elif token == "(":
            calls.append(called)
            called, at = None, at + 1
        elif token == ")":
            calls.pop()
            at += 1
        elif token.startswith("["):
            windows.append(Window(token[1:-1], function))
            at += 1
        elif token == "{" or (re.match(r"[A-Za-z_:]", token) and token not in WORDS):
            name, matchers = None, {}
            if token != "{":
                name, at = token, at + 1
            if tokens[at] == "{":
                matchers, at = matchers_of(tokens, at)
            window = tokens[at][1:-1] if tokens[at].startswith("[") else None
            selectors.append(Selector(name, matchers, window, function, aggregation))
        else:
            at += 1
    return selectors, windows


def alternatives(expression):
    """The operands of the outermost `or`s, each an expression of its own; the expression itself where there is none."""
    found, begin, depth = [], 0, 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|\$?[\w:]+|\S', expression):
        text = token.group()
        depth += (text in "({[") - (text in ")}]")
        if text == "or" and depth == 0:
            found.append(expression[begin:token.start()].strip())
            matching = re.match(r"\s*((on|ignoring)\s*\([^)]*\))?", expression[token.end():])
            begin = token.end() + matching.end()
    return found + [expression[begin:].strip()]
