from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from devices import ecosystems
from devices.ecosystems import catalogue
from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, no_codec
from devices.ecosystems.catalogue import Catalogue
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

NOW = 1_700_000_000_000


class Scripted(Ecosystem):
    """Answers what it is told to. ``of`` makes one; its class is no ecosystem of the package."""

    name: ClassVar[str] = "scripted"

    def __init__(self, answer: Callable[[], Outcome], said: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.answer = answer
        self.said = said or {}
        self.asked: list[str] = []

    def message(self, message: Message) -> Outcome:
        self.asked.append(message.topic)
        return self.answer()

    def request(self, request: Request) -> Outcome:
        self.asked.append(request.path)
        return self.answer()

    def units(self, topic: str) -> Mapping[str, str]:
        return self.said if topic == "s/t" else {}


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Catalogue]:
    """A catalogue of nothing but the decoders of a test."""
    monkeypatch.setattr(catalogue, "every", lambda: iter(()))
    return lambda *decoders: Catalogue(no_codec, decoders)


def found(*samples: Sample) -> Decoded:
    return Decoded(samples=list(samples))


def ask(one: Catalogue, topic: str = "s/t") -> tuple[str, Decoded | Refusal] | None:
    return one.message(Message(topic, b"1", NOW))


def test_every_file_of_the_package_is_found_in_the_order_of_rank() -> None:
    classes = [one for one in catalogue.every() if one.__module__.startswith(ecosystems.__name__)]
    assert [(one.rank, one.name) for one in classes] == sorted((one.rank, one.name) for one in classes)
    assert len({(one.rank, one.name) for one in classes}) == len(classes)
    assert {"tasmota", "zigbee2mqtt", "sparkplug-b", "owntracks", "ttn-v3"} <= {one.name for one in classes}
    files = {Path(str(one.__module__).replace(".", "/")).name for one in classes}
    folder = Path(ecosystems.__path__[0])
    assert {path.stem for path in folder.glob("*.py") if "(Ecosystem)" in path.read_text()} == files


def test_format_with_a_root_of_its_own_is_asked_before_one_that_is_told_by_its_leaves() -> None:
    order = [one.name for one in catalogue.every()]
    assert order.index("mapping") < order.index("sparkplug-b") < order.index("tasmota") < order.index("ha-discovery")
    assert order[-1] == "generic"


def test_subclass_that_lives_elsewhere_is_no_part_of_the_catalogue() -> None:
    assert Scripted in Scripted.__base__.__subclasses__()
    assert Scripted not in list(catalogue.every())


def test_first_that_calls_a_message_its_own_decodes_it(only: Callable[..., Catalogue]) -> None:
    silent = Scripted(lambda: None)
    mine = Scripted(lambda: found(Sample("s", "t", 1.0)))
    later = Scripted(lambda: Refusal(Reason.BAD_MESSAGE, "never asked"))
    answer = ask(only(silent, mine, later))
    assert answer == ("scripted", found(Sample("s", "t", 1.0)))
    assert (silent.asked, mine.asked, later.asked) == (["s/t"], ["s/t"], [])


def test_message_without_readings_and_refusal_are_answers_too(only: Callable[..., Catalogue]) -> None:
    later = Scripted(lambda: found(Sample("s", "t", 1.0)))
    assert ask(only(Scripted(Decoded), later)) == ("scripted", Decoded())
    refusal = Refusal(Reason.BAD_MESSAGE, "broken")
    assert ask(only(Scripted(lambda: refusal), later)) == ("scripted", refusal)
    assert later.asked == []


def test_message_and_request_that_no_one_knows(only: Callable[..., Catalogue]) -> None:
    one = only(Scripted(lambda: None))
    assert ask(one) is None
    assert one.request(Request("GET", "/nowhere", b"", NOW)) is None
    assert Catalogue().message(Message("nobody/knows/this/one", b"x", NOW)) is None


def test_decoder_that_raises_refuses_the_message_and_the_next_one_goes_on(
    only: Callable[..., Catalogue], caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> Outcome:
        raise RecursionError("a bug")

    one = only(Scripted(fails))
    with caplog.at_level(logging.ERROR):
        for answer in (ask(one), one.request(Request("GET", "/", b"", NOW))):
            assert answer is not None
            name, refusal = answer
            assert name == "scripted"
            assert isinstance(refusal, Refusal)
            assert refusal.code is Reason.BAD_MESSAGE
            assert "scripted" in refusal.message
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


def test_announced_unit_completes_what_another_decoder_found(only: Callable[..., Catalogue]) -> None:
    announcing = Scripted(lambda: None, {"t": "°C", "deep.h": "%", "own": "K"})
    decoding = Scripted(
        lambda: found(
            Sample("s", "t", 1.0), Sample("s", "deep.h", 2.0), Sample("s", "own", 3.0, None, "W"), Sample("s", "x", 4.0)
        )
    )
    for decoders in ((announcing, decoding), (decoding, announcing)):
        answer = ask(only(*decoders))
        assert answer is not None
        assert isinstance(answer[1], Decoded)
        assert [sample.unit for sample in answer[1].samples] == ["°C", "%", "W", None]


def test_unit_of_a_payload_that_is_one_value(only: Callable[..., Catalogue]) -> None:
    announcing = Scripted(lambda: None, {"": "°C"})
    alone = Scripted(lambda: found(Sample("s", "anything", 1.0, NOW)))
    two = Scripted(lambda: found(Sample("s", "a", 1.0), Sample("s", "b", 1.0)))
    assert ask(only(announcing, alone)) == ("scripted", found(Sample("s", "anything", 1.0, NOW, "°C")))
    assert ask(only(announcing, two)) == ("scripted", found(Sample("s", "a", 1.0), Sample("s", "b", 1.0)))
    assert ask(only(announcing, alone), "other/t") == ("scripted", found(Sample("s", "anything", 1.0, NOW)))


def test_unit_that_home_assistants_discovery_announced_reaches_a_topic_of_another_ecosystem() -> None:
    one = Catalogue()
    config = (
        b'{"name": "Soil", "state_topic": "zigbee2mqtt/shed", "value_template": "{{ value_json.sap_flow }}",'
        b' "unit_of_measurement": "ml/h", "unique_id": "shed-s", "device": {"identifiers": ["shed"], "name": "Shed"}}'
    )
    assert ask_with(one, "homeassistant/sensor/shed/sap_flow/config", config) == "ha-discovery"
    answer = one.message(Message("zigbee2mqtt/shed", b'{"sap_flow": 31}', NOW))
    assert answer is not None
    name, decoded = answer
    assert name == "zigbee2mqtt"
    assert isinstance(decoded, Decoded)
    assert [(sample.metric, sample.unit) for sample in decoded.samples] == [("sap_flow", "ml/h")]


def ask_with(one: Catalogue, topic: str, payload: bytes) -> str | None:
    answer = one.message(Message(topic, payload, NOW, retained=True))
    return None if answer is None else answer[0]


def test_codec_of_a_device_reaches_every_decoder() -> None:
    one = Catalogue(lambda device: f"codec of {device}")
    assert {decoder.codec("a") for decoder in one._decoders} == {"codec of a"}
    assert one._decoders
