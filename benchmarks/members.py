"""The made-up people of the benchmarks: the nth member's number is the same in every process."""

# Real area codes and many exchanges, so that limits per prefix see what a national programme looks like.
AREA_CODES = (
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228,
    229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302,
    303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330,
    334, 336, 337, 339, 347, 351, 352, 360, 361, 386, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412,
    413, 414, 415, 417, 419, 423, 424, 425, 430, 432, 434, 435, 440, 443, 469, 478, 479, 480, 484, 501,
)  # fmt: skip
EXCHANGES = tuple(
    exchange for exchange in range(220, 990) if exchange != 555 and exchange % 100 != 11
)  # 555 is for films, N11 for services


def number(index: int) -> str:
    """The E.164 number of the member with this index; distinct for the first 700 million."""
    rest, area = divmod(index, len(AREA_CODES))
    line, exchange = divmod(rest, len(EXCHANGES))
    return f"+1{AREA_CODES[area]}{EXCHANGES[exchange]}{(1000 + line * 7) % 10_000:04d}"
