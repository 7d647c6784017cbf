"""The log's lines: what is kept, what is shown, what matches."""

from __future__ import annotations

from tui.log_lines import LIMIT, SLACK, Line, LogLines


def line(text: str, level: str = "info") -> Line:
    return ("", level, text)


def filled() -> LogLines:
    log = LogLines()
    levels = ("info", "warning", "info", "error")
    log.extend(line(f"Line {number}", levels[number % 4]) for number in range(40))
    return log


def texts(log: LogLines) -> list[str]:
    return [text for _, _, text in log.rows]


def test_levels_take_turns() -> None:
    log = filled()
    log.turn()
    assert texts(log)[:3] == ["Line 1", "Line 3", "Line 5"]
    log.turn()
    assert texts(log)[:2] == ["Line 3", "Line 7"]
    log.extend([line("quiet"), line("bad", "error")])
    assert texts(log)[-1] == "bad"
    assert "quiet" not in texts(log)
    log.turn()
    assert len(log.rows) == 42


def test_search_goes_round_and_starts_at_what_is_seen() -> None:
    log = filled()
    log.search("LINE 1", top=12)
    assert (log.at, log.place, len(log.matches)) == (12, 4, 11)
    log.step(-1)
    assert log.at == 11
    for _ in range(3):
        log.step(-1)
    assert log.at == 19, "before the first comes the last"
    log.step(1)
    assert log.at == 1


def test_search_finds_what_comes_and_follows_the_level() -> None:
    log = filled()
    log.search("fresh", top=0)
    assert (log.at, log.place) == (None, 0)
    log.step(1)
    log.extend([line("a fresh one", "warning")])
    log.step(1)
    assert log.at == 40
    log.turn()
    assert texts(log)[log.at] == "a fresh one"
    log.search("", top=0)
    assert (log.matches, log.at) == ([], None)


def test_the_oldest_lines_go_and_the_match_stays_the_same_line() -> None:
    log = LogLines()
    log.extend(line(str(number)) for number in range(LIMIT + SLACK))
    wanted = str(LIMIT)
    log.search(wanted, top=0)
    assert texts(log)[log.at or 0] == wanted
    log.extend([line("one more")])
    assert len(log.rows) == LIMIT
    assert texts(log)[log.at or 0] == wanted
    assert texts(log)[-1] == "one more"
