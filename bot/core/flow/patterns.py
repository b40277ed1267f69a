"""Whether a regular expression could run for ever on some message."""

_UNBOUNDED = "*+{"


def is_runaway(pattern: str) -> bool:
    r"""Whether a repeated group holds a repetition or alternatives, as in `(\w+)*` or `(a|ab)+`.

    Python tries every way to share a text among nested repetitions, which takes exponential time. The
    rule is stricter than need be: what it refuses can be written without a repeated group.
    """
    inside: list[bool] = []  # for each open group: whether something in it repeats or alternates
    position = 0
    closed: bool | None = None  # what the group that ended just before held
    while position < len(pattern):
        character = pattern[position]
        if closed is not None and closed and character in _UNBOUNDED:
            return True
        closed = None
        match character:
            case "\\":
                position += 1
            case "[":
                position = _end_of_set(pattern, position)
            case "(":
                inside.append(False)
            case ")" if inside:
                closed = inside.pop()
                if closed and inside:
                    inside[-1] = True
            case "*" | "+" | "{" | "|" if inside:
                inside[-1] = True
            case _:
                pass
        position += 1
    return False


def _end_of_set(pattern: str, start: int) -> int:
    position = start + 1
    if pattern[position : position + 1] == "^":
        position += 1
    if pattern[position : position + 1] == "]":
        position += 1
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return position
