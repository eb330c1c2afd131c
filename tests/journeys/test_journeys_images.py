"""Images pushed, pulled and deleted by skopeo, where the policy says so and nowhere else."""

from pathlib import Path

from tests.support.clients import As, Skopeo
from tests.support.world import World


def test_a_team_pushes_and_pulls(world: World, skopeo: Skopeo, image: Path, tmp_path: Path) -> None:
    """Bob writes for team-a: in and out again."""
    app = f"{world.registry.address}/team-a/app:1"
    pushed = skopeo.push(image, app, As("bob"))
    assert pushed.ok, pushed.text
    pulled = skopeo.pull(app, tmp_path / "pulled", As("bob"))
    assert pulled.ok, pulled.text
    assert (tmp_path / "pulled" / "index.json").exists()


def test_another_team_is_refused(world: World, skopeo: Skopeo, image: Path) -> None:
    """The registry says what is missing, and nothing is stored."""
    refused = skopeo.push(image, f"{world.registry.address}/team-b/app:1", As("bob"))
    assert not refused.ok
    assert "denied" in refused.stderr or "unauthorized" in refused.stderr
    assert not (world.registry.storage / "docker/registry/v2/repositories/team-b").exists()


def test_a_reader_reads(world: World, skopeo: Skopeo, image: Path) -> None:
    """jürgen may pull what bob pushed, and not push."""
    app = f"{world.registry.address}/team-a/read:1"
    assert skopeo.push(image, app, As("bob")).ok
    assert skopeo.inspect(app, As("jürgen")).ok
    assert not skopeo.push(image, app, As("jürgen")).ok


def test_a_member_three_levels_deep_may_push(world: World, skopeo: Skopeo, image: Path) -> None:
    """Alice is on call, who are engineers, who are the platform group."""
    pushed = skopeo.push(image, f"{world.registry.address}/any/where:1", As("alice"))
    assert pushed.ok, pushed.text


def test_a_group_of_the_same_name_elsewhere_does_not_count(world: World, skopeo: Skopeo, image: Path) -> None:
    """Bob is in a group named Platform that stands in another unit."""
    assert not skopeo.push(image, f"{world.registry.address}/any/where:2", As("bob")).ok


def test_a_primary_group_counts(world: World, skopeo: Skopeo, image: Path) -> None:
    """Carol is in reg-team-b-write by her primary group (in OpenLDAP as a plain member)."""
    pushed = skopeo.push(image, f"{world.registry.address}/team-b/own:1", As("carol"))
    assert pushed.ok, pushed.text


def test_anyone_pulls_what_is_public(world: World, skopeo: Skopeo, image: Path) -> None:
    """Without an account; and nothing else, and no push."""
    public = f"{world.registry.address}/public/base:1"
    assert skopeo.push(image, public, As("alice")).ok
    pulled = skopeo.inspect(public)
    assert pulled.ok, pulled.text
    assert not skopeo.push(image, public).ok
    assert not skopeo.inspect(f"{world.registry.address}/any/where:1").ok


def test_deleting_needs_to_be_granted(world: World, skopeo: Skopeo, image: Path) -> None:
    """Bob may push and not delete; in his own space he may; alice may anywhere."""
    app = f"{world.registry.address}/team-a/gone:1"
    own = f"{world.registry.address}/users/bob/gone:1"
    assert skopeo.push(image, app, As("bob")).ok
    assert skopeo.push(image, own, As("bob")).ok
    assert not skopeo.delete(app, As("bob")).ok
    assert skopeo.inspect(app, As("bob")).ok
    assert skopeo.delete(own, As("bob")).ok
    assert skopeo.delete(app, As("alice")).ok
    assert not skopeo.inspect(app, As("bob")).ok


def test_a_deny_takes_away_what_others_grant(world: World, skopeo: Skopeo, image: Path) -> None:
    """Alice may push everywhere but where it is frozen."""
    assert not skopeo.push(image, f"{world.registry.address}/frozen/app:1", As("alice")).ok


def test_someone_elses_space_is_theirs(world: World, skopeo: Skopeo, image: Path) -> None:
    """`{user}` is the canonical account, whatever was typed."""
    as_upper = As("BOB", _password_of("bob"))
    assert skopeo.push(image, f"{world.registry.address}/users/bob/tool:1", as_upper).ok
    assert not skopeo.push(image, f"{world.registry.address}/users/carol/tool:1", As("bob")).ok


def _password_of(login: str) -> str:
    return str(As(login)).partition(":")[2]
