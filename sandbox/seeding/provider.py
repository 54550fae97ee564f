"""The Faker provider of the project: ids, times, flags, and whole conversations.

Every entity is generated from a key of its own (seed, kind, index) and never from a shared stream: conversation 7 is
the same alone and among ten thousand. All randomness comes from ``random()``, the only method whose sequence Python
guarantees for a seed, followed by plain arithmetic: every machine generates the same bytes.

Importing this module imports Faker, which takes long. Import it only where it is used.
"""

from collections.abc import Iterator
from functools import lru_cache

from faker.generator import Generator
from faker.providers import BaseProvider

from sandbox.seeding.recipe import EVERY_COMBINATION, Recipe, Traits, combination
from sandbox.world.conversation import Conversation
from sandbox.world.draws import ALPHABET, ID_LENGTH

_HALF = ID_LENGTH // 2
_HALVES = len(ALPHABET) ** _HALF  # 48 bits; a random number has 53, too few for a whole id


class ConversationProvider(BaseProvider):
    """A provider of the objects of the Conversations API of Protocol: ``fake.add_provider(ConversationProvider)``.

    ``group_id`` and ``conversation`` seed the generator with a key of their own; the other methods continue its current
    sequence.
    """

    def below(self, bound: int) -> int:
        """Return an integer from 0 to below ``bound``, evenly distributed. Takes one random number."""
        return int(self.generator.random.random() * bound)

    def lately(self, seconds: int) -> int:
        """Return an age in seconds, from 0 to below ``seconds``; small ages are likelier. Takes one random number."""
        number = self.generator.random.random()
        return int(number * number * number * seconds)

    def chance(self, probability: float) -> bool:
        """Return True with this ``probability``. Takes one random number."""
        number: float = self.generator.random.random()
        return number < probability

    def protocol_id(self) -> str:
        """Return an id in the documented form: 16 of ``A-Za-z0-9``. Takes two random numbers."""
        letters = []
        for _ in range(ID_LENGTH // _HALF):
            rest = self.below(_HALVES)
            for _ in range(_HALF):
                rest, at = divmod(rest, len(ALPHABET))
                letters.append(ALPHABET[at])
        return "".join(letters)

    def group_id(self, seed: int, index: int) -> str:
        """Return the id of group ``index`` for ``seed``."""
        return _group_id(seed, index)

    def conversation(self, seed: int, index: int, recipe: Recipe) -> Conversation:
        """Return conversation ``index`` of ``recipe`` for ``seed``. Seeds the generator with that key."""
        self.generator.seed_instance(f"{seed}/conversation/{index}")
        # Append-only: all numbers are taken here, in this order and even if they are not used, so that no attribute
        # depends on another. A new attribute takes its numbers last.
        conversation_id = self.protocol_id()
        contact_id = self.protocol_id()
        group_id = self.group_id(seed, self.below(recipe.groups))
        message_id = self.protocol_id()
        has_pinned_message = self.chance(0.25)
        created_at = recipe.until - recipe.age(index, self.generator.random.random())
        age = recipe.until - created_at
        active_at = recipe.until - self.lately(age)
        was_active = self.chance(0.9)
        opened_at = recipe.until - self.lately(age)
        quiet_since = active_at if was_active else created_at
        archived_at = quiet_since + self.below(recipe.until - quiet_since + 1)
        lifelike = self._lifelike()
        traits = combination(index) if recipe.variety == EVERY_COMBINATION else lifelike
        return Conversation(
            id=conversation_id,
            contact_id=contact_id if traits.has_contact else None,
            group_id=group_id if traits.has_group else None,
            pinned_message_id=message_id if has_pinned_message and was_active else None,
            is_pinned=traits.is_pinned,
            is_muted=traits.is_muted,
            last_active_at=active_at if was_active else None,
            last_opened_at=opened_at if traits.was_opened else None,
            created_at=created_at,
            archived_at=archived_at if traits.is_archived else None,
        )

    def _lifelike(self) -> Traits:
        """Return the traits of a typical inbox: many contacts, nearly all opened, few archived.

        Takes five random numbers.
        """
        who = self.below(20)
        return Traits(
            has_contact=who < 15,
            has_group=who > 13,
            is_pinned=self.chance(0.08),
            is_muted=self.chance(0.15),
            is_archived=self.chance(0.12),
            was_opened=self.chance(0.9),
        )


def conversations(seed: int, recipe: Recipe) -> Iterator[Conversation]:
    """Yield all conversations of ``recipe`` for ``seed``, newest first."""
    provider = ConversationProvider(Generator())
    return (provider.conversation(seed, index, recipe) for index in range(recipe.count))


@lru_cache(maxsize=1024)
def _group_id(seed: int, index: int) -> str:
    # Another generator: a conversation asks for its group in the middle of its own sequence.
    return ConversationProvider(Generator().seed_instance(f"{seed}/group/{index}")).protocol_id()
