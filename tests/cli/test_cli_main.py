"""The command line as a whole: its help, its errors, and where it finds its settings."""

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ldap_token_bridge import __version__
from ldap_token_bridge.cli import COMMANDS, root
from ldap_token_bridge.cli.common import find_config, format_choice, run_or_explain, show_warnings
from ldap_token_bridge.errors import Misconfigured, Place, Problem, Unavailable


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no variable that names settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LTB_CONFIG", raising=False)
    monkeypatch.setattr("ldap_token_bridge.cli.common.CONFIG_PLACES", (Path("bridge.yaml"), tmp_path / "etc.yaml"))
    return tmp_path


def test_version() -> None:
    """`--version` names the program and the package's version."""
    result = CliRunner().invoke(root, ["--version"])
    assert result.output == f"ldap-token-bridge, version {__version__}\n"


def test_help_lists_every_command() -> None:
    """Each with its line, and no command is imported for it."""
    result = CliRunner().invoke(root, ["--help"])
    assert result.exit_code == 0
    for name, line in COMMANDS.items():
        assert any(printed.split(maxsplit=1) == [name, line] for printed in result.output.splitlines())


def test_help_imports_no_room() -> None:
    """That is why it answers at once: nothing of the service, of cryptography or of YAML is loaded."""
    program = (
        "import sys\n"
        "from ldap_token_bridge.cli import root\n"
        "root(['--help'], standalone_mode=False)\n"
        "heavy = {'aiohttp', 'cryptography', 'jwt', 'ldap3', 'pydantic', 'rich', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stderr == "[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_line_and_examples(name: str) -> None:
    """The table says of a command what the command says of itself, and its help shows how to use it."""
    command = importlib.import_module(f"ldap_token_bridge.cli.{name.replace('-', '_')}").command
    assert command.get_short_help_str(200) == COMMANDS[name]
    result = CliRunner().invoke(root, [name, "--help"])
    assert result.exit_code == 0
    assert f"ldap-token-bridge {name}" in result.output.partition("Examples:")[2]


def test_unknown_command_is_unusable_input() -> None:
    """Exit code 2, as for every input that cannot be used."""
    result = CliRunner().invoke(root, ["serv"])
    assert result.exit_code == 2
    assert "serv" in result.output


@pytest.mark.parametrize(("typed", "meant"), [(["chekc"], "check"), (["policy", "chek"], "check")])
def test_a_slip_of_the_finger(typed: list[str], meant: str) -> None:
    """The command that was meant is named."""
    result = CliRunner().invoke(root, typed)
    assert result.exit_code == 2
    assert f"No such command {typed[-1]!r}. Did you mean {meant!r}?" in result.output


def test_given_settings_win_over_the_environment(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """-c, then LTB_CONFIG, then ./bridge.yaml, then the system's."""
    files = [places / name for name in ("given.yaml", "variable.yaml", "bridge.yaml", "etc.yaml")]
    for file in files:
        file.write_text("")
    monkeypatch.setenv("LTB_CONFIG", str(files[1]))
    assert find_config(files[0]) == files[0]
    assert find_config(None) == files[1]
    monkeypatch.delenv("LTB_CONFIG")
    assert find_config(None) == Path("bridge.yaml")
    files[2].unlink()
    assert find_config(None) == files[3]


def test_missing_settings_name_every_place(places: Path) -> None:
    """Nobody has to guess where the program looked."""
    with pytest.raises(Misconfigured) as caught:
        find_config(None)
    for words in ("LTB_CONFIG", "bridge.yaml", str(places / "etc.yaml"), "-c"):
        assert words in str(caught.value)


def test_named_settings_that_are_missing_are_not_replaced(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in -c or in the variable must not start the program with other settings."""
    (places / "bridge.yaml").write_text("")
    with pytest.raises(Misconfigured, match=r"gone\.yaml"):
        find_config(places / "gone.yaml")
    monkeypatch.setenv("LTB_CONFIG", "nowhere.yaml")
    with pytest.raises(Misconfigured, match=r"nowhere\.yaml: there is no such file \(from \$LTB_CONFIG\)"):
        find_config(None)


def test_a_folder_is_no_settings_file(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, so it is not said to be missing; the file in it is named."""
    with pytest.raises(Misconfigured, match=rf"this is a folder\n.*-c {places}/bridge\.yaml"):
        find_config(places)
    monkeypatch.setenv("LTB_CONFIG", str(places))
    with pytest.raises(Misconfigured, match=r"this is a folder \(from \$LTB_CONFIG\)"):
        find_config(None)


@pytest.mark.parametrize("command", [("check",), ("serve",), ("keys", "list"), ("policy", "what-can", "user:a")])
def test_settings_without_their_option(places: Path, command: tuple[str, ...]) -> None:
    """The option is named, and an argument that is no settings file is told as ever."""
    del places
    result = CliRunner().invoke(root, [*command, "etc/bridge.yaml"])
    assert result.exit_code == 2
    assert "unexpected extra argument (etc/bridge.yaml)" in result.stderr
    assert result.stderr.endswith("The settings are named by an option: -c etc/bridge.yaml\n")
    assert "-c" not in CliRunner().invoke(root, [*command, "bridge"]).stderr.splitlines()[-1]


@click.command
@format_choice("text", "github")
@run_or_explain()
def _failing(output_format: str) -> None:
    show_warnings(("careful",))
    if output_format == "github":
        raise Unavailable("no directory answers")
    raise Misconfigured([Problem("is odd", Place("bridge.yaml", 3, 7), "Make it even."), Problem("is gone")])


def test_misconfigured_shows_every_problem_and_exits_2() -> None:
    """On stderr, with place and remedy, without a traceback and without colours outside of a terminal."""
    result = CliRunner().invoke(_failing)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == ("warning: careful\nerror: bridge.yaml:3:7: is odd\n       Make it even.\nerror: is gone\n")


def test_other_errors_exit_1() -> None:
    """What is no fault of the input is a finding."""
    result = CliRunner().invoke(_failing, ["--format", "github"])
    assert result.exit_code == 1
    assert result.stderr == "warning: careful\nerror: no directory answers\n"


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """And there not where NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in CliRunner().invoke(_failing, color=True).stderr
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in CliRunner().invoke(_failing, color=True).stderr
