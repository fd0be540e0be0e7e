"""Settings: precedence, one clear line for every mistake, and config.ini in step with the table."""

from __future__ import annotations

import math
import re
import textwrap
from pathlib import Path

import pytest

from telemetry.setting_loading import load
from telemetry.settings import SECTIONS, SETTINGS, Settings, SettingsError
from tests.support import ROOT, run_server_py

INTRODUCTION = """\
# Every setting with its default. Remove the "# " in front of a line to change it. The same can be given on the command
# line (--server.port=80) and in the environment (TELLTALE_SERVER_PORT=80): command line, environment, this file,
# default, in this order. An unknown or wrong setting stops the start.
"""


def documented() -> str:
    """What config.ini must say."""
    lines = [INTRODUCTION]
    for section in SECTIONS:
        lines.append(f"[{section}]")
        for one in (one for one in SETTINGS.values() if one.section == section):
            unit = f" [{one.unit}]" if one.unit else ""
            lines += textwrap.wrap(one.help + unit, 118, initial_indent="# ", subsequent_indent="# ")
            lines += [f"# {one.key} = {one.default}".rstrip(), ""]
    return "\n".join(lines)


def written(tmp_path: Path, text: str) -> Path:
    config = tmp_path / "config.ini"
    config.write_text(text)
    return config


def test_config_ini_documents_every_setting_with_its_default() -> None:
    """The shipped file is the table, printed; nothing in it is switched on."""
    assert (ROOT / "config.ini").read_text() == documented()


def test_the_shipped_file_and_no_file_give_the_defaults(tmp_path: Path) -> None:
    """Everything in config.ini is a comment."""
    assert load([], {}, written(tmp_path, documented())) == load([], {}, tmp_path / "config.ini")


def test_the_default_of_every_setting_is_a_value_it_takes(tmp_path: Path) -> None:
    """Switching on every line of config.ini changes nothing either."""
    lines = [line[2:] if " = " in line or line.endswith(" =") else line for line in documented().splitlines()]
    text = "\n".join(line for line in lines if not line.startswith("#"))
    enabled = "\n".join(
        line for line in text.splitlines() if line.startswith("[") or line.split(" =")[0].isidentifier()
    )
    assert load([], {}, written(tmp_path, enabled)) == load([], {}, tmp_path / "config.ini")


def test_command_line_goes_before_environment_before_file_before_default(tmp_path: Path) -> None:
    """Each source is used only where the ones before it are silent."""
    config = written(tmp_path, "[server]\nport = 1\nmax_body = 1 MiB\n[live]\ntick = 3\n")
    environment = {"TELLTALE_SERVER_PORT": "2", "TELLTALE_LIVE_TICK": "0"}
    found = load([("server.port", "3")], environment, config)
    assert (found.server.port, found.live.tick, found.server.max_body) == (3, 0.0, 1 << 20)
    assert found.live.resume == Settings().live.resume


def test_the_last_of_two_options_stands(tmp_path: Path) -> None:
    """A start script's option can be overridden behind it."""
    assert load([("server.port", "1"), ("server.port", "2")], {}, tmp_path / "none").server.port == 2


def test_paths_start_at_the_folder_of_the_config_file(tmp_path: Path) -> None:
    """Wherever the server is started from."""
    config = written(tmp_path, "[storage]\npath = data/log.db\n[server]\ntls_cert = c.pem\ntls_key = /k.pem\n")
    found = load([], {}, config)
    assert found.storage.path == tmp_path / "data/log.db"
    assert (found.server.tls_cert, found.server.tls_key) == (tmp_path / "c.pem", Path("/k.pem"))


def test_lists_and_origins_are_brought_into_one_spelling(tmp_path: Path) -> None:
    """Commas or spaces, any case, default ports left out or not."""
    options = [
        ("server.allowed_hosts", "Pi.Example.org, tank"),
        ("server.allowed_origins", "HTTPS://Home.Example http://[::1]:8080,file://"),
    ]
    found = load(options, {}, tmp_path / "none").server
    assert found.allowed_hosts == ("pi.example.org", "tank")
    assert found.allowed_origins == ("https://home.example:443", "http://[::1]:8080", "file://")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server.port", "65536"),
        ("server.port", "-1"),
        ("server.port", "80.0"),
        ("server.port", "８０"),
        ("server.port", "8_0"),
        ("server.port", ""),
        ("server.max_message", "1"),
        ("server.max_message", "256 kib"),
        ("server.max_message", "-5 KiB"),
        ("server.max_body", "4 TiB"),
        ("server.allowed_hosts", "*"),
        ("server.allowed_hosts", "http://pi"),
        ("server.allowed_hosts", "pi:80"),
        ("server.allowed_origins", "pi.example"),
        ("server.allowed_origins", "https://pi.example/"),
        ("server.allowed_origins", "null"),
        ("server.allowed_origins", "*"),
        ("server.allowed_origins", "https://user@pi.example"),
        ("server.allowed_origins", "https://pi.example:99999"),
        ("storage.path", ""),
        ("storage.commit_interval", "nan"),
        ("storage.commit_interval", "inf"),
        ("storage.commit_interval", "-0.1"),
        ("storage.commit_interval", "1 s"),
        ("storage.max_pending", "9999"),
        ("devices.admission", "Open"),
        ("devices.admission", ""),
        ("devices.future_tolerance", "1e300"),
        ("devices.max_series", "0"),
        ("live.tick", "-1"),
        ("live.ping_timeout", "0"),
        ("log.level", "verbose"),
    ],
)
def test_a_bad_value_is_one_line_that_names_source_and_setting(tmp_path: Path, name: str, value: str) -> None:
    """From each of the three sources."""
    section, key = name.split(".")
    variable = f"TELLTALE_{section}_{key}".upper()
    config = written(tmp_path, f"[{section}]\n{key} = {value}\n")
    for options, environment, file, source in [
        ([(name, value)], {}, tmp_path / "none", "command line"),
        ([], {variable: value}, tmp_path / "none", variable),
        ([], {}, config, str(config)),
    ]:
        with pytest.raises(SettingsError) as caught:
            load(options, environment, file)
        message = str(caught.value)
        assert "\n" not in message
        assert f"setting {name} (" in message
        assert source in message


@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_misspelt_name_of_any_setting_stops_the_start(tmp_path: Path, name: str) -> None:
    """One letter less, in each source; the line suggests the right one."""
    section, key = name.split(".")
    wrong = key[1:]  # without its last one it may be like several
    with pytest.raises(SettingsError, match=f"{section}.{wrong}.*did you mean {name}"):
        load([(f"{section}.{wrong}", "1")], {}, tmp_path / "none")
    with pytest.raises(SettingsError, match="unknown"):
        load([], {f"TELLTALE_{section}_{wrong}".upper(): "1"}, tmp_path / "none")
    with pytest.raises(SettingsError, match=f"{section}.{wrong}.*did you mean {name}"):
        load([], {}, written(tmp_path, f"[{section}]\n{wrong} = 1\n"))
    with pytest.raises(SettingsError, match="unknown"):
        load([], {}, written(tmp_path, f"[{section[:-1]}]\n{key} = 1\n"))


@pytest.mark.parametrize(
    "text",
    [
        "port = 80\n",
        "[server]\nport = 1\nport = 2\n",
        "[server]\nport\n",
        "[DEFAULT]\nport = 80\n",
        "[server\n",
        "[server]\nport = 80 # web\n",
        "[server]\n[server]\n",
    ],
)
def test_a_file_that_is_not_what_it_seems_is_one_line(tmp_path: Path, text: str) -> None:
    """No section, doubled keys, a section whose keys would leak into others, comments behind values."""
    with pytest.raises(SettingsError) as caught:
        load([], {}, written(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert "config.ini" in str(caught.value)


def test_a_named_file_must_exist_and_be_readable_text(tmp_path: Path) -> None:
    """A wrong --config must not mean the defaults."""
    with pytest.raises(SettingsError, match="no such file"):
        load([], {}, tmp_path / "none", required=True)
    with pytest.raises(SettingsError, match="config file"):
        load([], {}, tmp_path)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="config file"):
        load([], {}, binary)


def test_https_needs_certificate_and_key(tmp_path: Path) -> None:
    """One alone would silently serve http."""
    for key in ("tls_cert", "tls_key"):
        with pytest.raises(SettingsError, match=r"tls_cert and server\.tls_key"):
            load([(f"server.{key}", "x.pem")], {}, tmp_path / "none")


def test_environment_of_other_programs_is_ignored(tmp_path: Path) -> None:
    """Only TELLTALE_ is ours."""
    assert load([], {"PATH": "/bin", "SERVER_PORT": "1"}, tmp_path / "none").server.port == 8080


def test_no_number_is_nan() -> None:
    """The table's own defaults are finite."""
    assert all(math.isfinite(one.read(one.default)) for one in SETTINGS.values() if one.unit == "seconds")  # type: ignore[arg-type]


def test_an_unknown_setting_ends_the_program_with_status_2_and_one_line(tmp_path: Path) -> None:
    """The same through the real command line."""
    done = run_server_py("--config", str(written(tmp_path, "[server]\nprot = 80\n")))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "setting server.prot in" in done.stderr
    assert not done.stdout


def test_error_line_hides_the_password_of_a_broker(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"mqtt\.url.*\*\*\*") as caught:
        load([("mqtt.url", "mqtx://me:s3cr/et@broker")], {}, tmp_path / "config.ini")
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("mqtt.url", "mqtt://a, mqtt://a:1883")], "listed twice"),
        ([("mqtt.url", "mqtt://a"), ("mqtt.topics", "")], "needs a topic filter"),
        ([("mqtt.tls_ca", "/nope.pem")], "no file /nope.pem"),
        ([("mqtt.discovery", "a/+/b")], "without wildcards"),
        ([("mqtt.discovery", "telltale")], "own topics"),
    ],
)
def test_mqtt_settings_that_cannot_work_stop_the_start(given: list[tuple[str, str]], said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        load(given, {}, tmp_path / "config.ini")


@pytest.mark.parametrize("url", ["user:secretpw@host", "mqtt:/user:secretpw@host", "mqtx://u:secretpw@host"])
def test_no_spelling_of_a_broker_shows_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load([("mqtt.url", url)], {}, tmp_path / "config.ini")
    assert "secretpw" not in str(caught.value)
