"""How many passwords memory may be tried with while the directory tells nothing: directory/guesses.py."""

from ldap_token_bridge.directory.guesses import Guesses

HOUR = 3600.0


class Clock:
    """Stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


def tried(guesses: Guesses, account: str, *marks: bytes, answered: bool = False) -> None:
    """One after the other."""
    for mark in marks:
        guesses.begin(account, mark)
        guesses.end(account, mark, answered=answered)


FIVE = (b"1", b"2", b"3", b"4", b"5")


def test_five_that_were_not_answered_are_too_many_for_an_hour() -> None:
    """Of one account, and not of another; the same one sent again and again is one."""
    clock = Clock()
    guesses = Guesses(10, clock)
    tried(guesses, "alice", *FIVE[:4], *FIVE[:4])
    tried(guesses, "bob", b"5")
    assert not guesses.are_too_many("alice")
    tried(guesses, "alice", b"5")
    assert guesses.are_too_many("alice")
    assert not guesses.are_too_many("bob")
    clock.now = HOUR - 1
    assert guesses.are_too_many("alice")
    clock.now = HOUR
    assert not guesses.are_too_many("alice")


def test_what_the_directory_answers_does_not_count() -> None:
    """Nor does one that it answers later, when the budget allows it again."""
    guesses = Guesses(10, Clock())
    tried(guesses, "alice", *(bytes([number]) for number in range(50)), answered=True)
    tried(guesses, "alice", *FIVE)
    tried(guesses, "alice", b"3", answered=True)
    assert not guesses.are_too_many("alice")
    tried(guesses, "alice", b"6")
    assert guesses.are_too_many("alice")


def test_those_under_way_count_together_with_those_that_were_not_answered() -> None:
    """Who sends all at once learns no more than who sends one after the other; none is kept when it is over."""
    guesses = Guesses(10, Clock())
    tried(guesses, "alice", *FIVE[:2])
    for mark in FIVE[1:4]:
        guesses.begin("alice", mark)
    assert not guesses.are_too_many("alice")
    guesses.begin("alice", b"5")
    assert guesses.are_too_many("alice")
    for mark in FIVE[1:]:
        guesses.end("alice", mark, answered=True)
    assert not guesses.are_too_many("alice")
    tried(guesses, "alice", *FIVE[1:4])
    assert not guesses.are_too_many("alice")


def test_one_that_ends_takes_none_of_the_others_along() -> None:
    """Those that are still under way count on; of an account without any, nothing is kept."""
    guesses = Guesses(10, Clock())
    for mark in FIVE:
        guesses.begin("alice", mark)
    guesses.end("alice", b"1", answered=True)
    assert not guesses.are_too_many("alice")
    guesses.begin("alice", b"6")
    assert guesses.are_too_many("alice")
    for mark in (*FIVE[1:], b"6"):
        guesses.end("alice", mark, answered=True)
    assert not guesses._under_way  # nothing else shows what is kept


def test_one_that_is_sent_again_does_not_make_the_hour_longer() -> None:
    """A pipeline with an old password would hold its owner's guesses for ever."""
    clock = Clock()
    guesses = Guesses(10, clock)
    tried(guesses, "alice", *FIVE[:4])
    clock.now = HOUR - 1
    tried(guesses, "alice", b"1")
    clock.now = HOUR
    tried(guesses, "alice", b"5")
    assert not guesses.are_too_many("alice")


def test_what_is_answered_meanwhile_does_not_make_the_hour_longer() -> None:
    """The owner goes on logging in, by the directory alone."""
    clock = Clock()
    guesses = Guesses(10, clock)
    tried(guesses, "alice", *FIVE)
    clock.now = HOUR - 1
    tried(guesses, "alice", b"right", answered=True)
    clock.now = HOUR
    assert not guesses.are_too_many("alice")


def test_a_password_does_not_count_against_itself() -> None:
    """The fifth that is under way is still answered; others beside it would be too many."""
    guesses = Guesses(10, Clock())
    tried(guesses, "alice", *FIVE[:4])
    assert not guesses.are_too_many("alice", b"4")
    guesses.begin("alice", b"5")
    assert not guesses.are_too_many("alice", b"5")
    assert guesses.are_too_many("alice", b"6")
    guesses.begin("alice", b"6")
    assert guesses.are_too_many("alice", b"5")


def test_no_more_are_kept_than_are_too_many() -> None:
    """Whoever goes on fills no memory."""
    guesses = Guesses(10, Clock())
    tried(guesses, "alice", *FIVE, b"6", b"7")
    tried(guesses, "alice", b"3", answered=True)
    assert not guesses.are_too_many("alice")


def test_an_operator_lets_an_account_begin_anew() -> None:
    """What is under way meanwhile ends as ever."""
    guesses = Guesses(10, Clock())
    tried(guesses, "alice", *FIVE)
    guesses.begin("alice", b"6")
    guesses.forget("alice")
    assert not guesses.are_too_many("alice")
    guesses.end("alice", b"6", answered=False)
    tried(guesses, "alice", *FIVE[:3])
    assert not guesses.are_too_many("alice")
    tried(guesses, "alice", b"4")
    assert guesses.are_too_many("alice")
