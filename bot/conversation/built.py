"""What this process knows of what was built of figures and audiences, bucket by bucket."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.core.audiences.figures import NO_FIGURES, Figures
from bot.core.ids import BUCKETS
from bot.storage.built import What


@dataclass(slots=True)
class Built:
    """What this process knows of what was built: what it does not know it asks again.

    It belongs to one publication: what others leave out is dropped, by whichever process.
    """

    figures: Figures = NO_FIGURES
    _known: set[What] = field(default_factory=set)

    @property
    def is_whole(self) -> bool:
        """Whether all of it is known to be built, everywhere."""
        many = len(self.figures.stored) + len(self.figures.audiences.audiences)
        return len(self._known) >= many * BUCKETS

    def unknown(self, places: Iterable[What]) -> list[What]:
        """Those of which it is to be asked."""
        return [place for place in places if place not in self._known]

    def learn(self, places: Iterable[What]) -> None:
        """Remember what was built."""
        self._known.update(places)

    def has(self, what: str, bucket: int) -> bool:
        """Whether it was built, as far as is known."""
        return (what, bucket) in self._known
