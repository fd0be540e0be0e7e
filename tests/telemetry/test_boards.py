"""The rules of boards on a real database: versions, conflicts, undo, files, images."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from telemetry.audit import Audit
from telemetry.boards import MAX_CONTENT, Boards, Conflict
from telemetry.clock import Clock
from telemetry.images import MAX_BYTES
from telemetry.model import Reason, Refusal
from tests.telemetry.kit import Kit, actor, core
from tests.telemetry.test_board_content import board, part
from tests.telemetry.test_images import JPEG, png

Body = dict[str, Any]


def run(path: Path, body: Callable[[Kit, Boards], Awaitable[None]], **bounds: int) -> None:
    async def inner() -> None:
        async with core(path) as kit:
            await body(kit, Boards(kit.store, kit.hub, Clock(), Audit(Clock()), **bounds))

    asyncio.run(inner())


def good(done: object) -> Body:
    assert isinstance(done, dict), done
    return done


def refused(done: object) -> Reason:
    assert isinstance(done, Refusal), done
    return done.code


def test_a_board_is_saved_on_the_version_that_was_read_and_on_no_other(tmp_path: Path) -> None:
    async def first(kit: Kit, boards: Boards) -> None:
        made = good(await boards.add(actor("anna"), board(part())))
        assert (made["id"], made["version"], made["author"], made["board"]) == (1, 1, "anna", board(part()))
        two = good(await boards.replace(actor("bo"), 1, 1, board(part(w=6))))
        assert (two["version"], two["author"], two["created"]) == (2, "bo", made["created"])
        assert await boards.replace(actor("anna"), 1, 1, board()) == Conflict(2)
        assert refused(await boards.replace(actor("anna"), 1, "2", board())) is Reason.BAD_VALUE
        assert await boards.replace(actor("anna"), 9, 1, board()) is None
        assert good(await boards.find(1))["board"] == board(part(w=6)), "the conflict has changed nothing"

    async def second(kit: Kit, boards: Boards) -> None:
        assert good(await boards.find(1))["version"] == 2
        assert good(await boards.find(1, 1))["board"] == board(part())
        assert [one["version"] for one in await boards.versions(1) or []] == [2, 1]
        assert await boards.versions(2) is None

    run(tmp_path / "x.db", first)
    run(tmp_path / "x.db", second)


def test_an_older_version_comes_back_as_a_new_one_and_a_deleted_board_as_it_was(tmp_path: Path) -> None:
    async def body(kit: Kit, boards: Boards) -> None:
        await boards.add(actor("anna"), board(part()))
        await boards.replace(actor("anna"), 1, 1, board(name="Other"))
        back = good(await boards.restore(actor("bo"), 1, 1))
        assert (back["version"], back["author"], back["board"]) == (3, "bo", board(part()))
        gone = good(await boards.delete(actor("anna"), 1))
        assert gone["deleted"] is not None
        assert await boards.replace(actor("anna"), 1, 3, board()) is None, "what is deleted is not saved"
        assert [one["deleted"] for one in await boards.every()] == [gone["deleted"]]
        again = good(await boards.restore(actor("bo"), 1, None))
        assert again == back
        assert await boards.restore(actor("bo"), 1, 99) is None
        assert await boards.restore(actor("bo"), 2, None) is None
        assert await boards.delete(actor("anna"), 2) is None

    run(tmp_path / "x.db", body)


def test_a_version_restored_of_a_deleted_board_brings_the_board_back(tmp_path: Path) -> None:
    async def body(kit: Kit, boards: Boards) -> None:
        await boards.add(actor("anna"), board(part()))
        await boards.delete(actor("anna"), 1)
        assert good(await boards.restore(actor("bo"), 1, 1))["deleted"] is None

    run(tmp_path / "x.db", body)


def test_every_change_is_told_without_the_parts(tmp_path: Path) -> None:
    async def body(kit: Kit, boards: Boards) -> None:
        viewer = kit.viewer()
        await boards.add(actor("anna"), board(part(series=["{device}/t"]), part(id="p2", kind="text")))
        await boards.replace(actor("anna"), 1, 1, board())
        await boards.replace(actor("anna"), 1, 1, board())
        await boards.delete(actor("anna"), 1)
        summaries = [frame["board"] for frame in viewer.frames if "board" in frame]
        assert [one["version"] for one in summaries] == [1, 2, 2]
        assert (summaries[0]["parts"], summaries[0]["template"]) == (["tile", "text"], True)
        assert (summaries[1]["parts"], summaries[1]["template"], summaries[1]["name"]) == ([], False, "Boilers")
        assert summaries[2]["deleted"] is not None

    run(tmp_path / "x.db", body)


def test_boards_versions_and_bytes_are_bounded(tmp_path: Path) -> None:
    async def body(kit: Kit, boards: Boards) -> None:
        for _ in range(2):
            good(await boards.add(actor("me"), board()))
        assert refused(await boards.add(actor("me"), board())) is Reason.TOO_LARGE
        await boards.delete(actor("anna"), 1)
        assert good(await boards.add(actor("me"), board()))["id"] == 3
        for version in range(1, 6):
            await boards.replace(actor("me"), 2, version, board(name=f"n{version}"))
        assert [one["version"] for one in await boards.versions(2) or []] == [6, 5, 4]
        long = [part(id=f"p{n}", kind="text", text="x" * 4_000) for n in range(MAX_CONTENT // 4_000 + 1)]
        assert refused(await boards.add(actor("me"), board(*long))) is Reason.TOO_LARGE

    run(tmp_path / "x.db", body, most=2, keep=3)


def test_an_image_is_taken_once_and_a_board_needs_one_that_is_there(tmp_path: Path) -> None:
    async def body(kit: Kit, boards: Boards) -> None:
        one = good(await boards.add_image(actor("me"), png(4, 5)))
        assert (one["media"], one["width"], one["height"], one["size"]) == ("image/png", 4, 5, len(png(4, 5)))
        assert good(await boards.add_image(actor("you"), png(4, 5))) == one
        assert refused(await boards.add_image(actor("me"), b"<svg/>")) is Reason.BAD_VALUE
        assert refused(await boards.add_image(actor("me"), JPEG + bytes(MAX_BYTES))) is Reason.TOO_LARGE
        row = await boards.image(one["id"])
        assert row is not None
        assert (row.media, row.body) == ("image/png", png(4, 5))
        assert await boards.image("x") is None
        plan = part(kind="plan", image=one["id"])
        assert good(await boards.add(actor("me"), board(plan)))["board"] == board(plan)
        assert refused(await boards.add(actor("me"), board(part(image="f" * 32)))) is Reason.BAD_VALUE
        assert refused(await boards.replace(actor("me"), 1, 1, board(part(image="f" * 32)))) is Reason.BAD_VALUE
        assert refused(await boards.add_image(actor("me"), png(9, 9))) is Reason.TOO_LARGE, "all room is in use"

    run(tmp_path / "x.db", body, most_images=len(png(4, 5)) + 10)


def test_a_file_takes_a_board_with_its_image_to_another_database(tmp_path: Path) -> None:
    files: list[Body] = []

    async def here(kit: Kit, boards: Boards) -> None:
        image = good(await boards.add_image(actor("me"), png(4, 5)))["id"]
        await boards.add(actor("me"), board(part(kind="plan", image=image)))
        files.append(json.loads(json.dumps(await boards.file(1))))
        assert await boards.file(2) is None

    async def there(kit: Kit, boards: Boards) -> None:
        (file,) = files
        made = good(await boards.take(actor("you"), file))
        assert (made["board"], made["author"]) == (file["board"], "you")
        (key,) = file["images"]
        row = await boards.image(key)
        assert row is not None
        assert row.body == png(4, 5)
        for wrong, reason in (
            (None, Reason.BAD_MESSAGE),
            (file | {"telltale": "x"}, Reason.BAD_MESSAGE),
            (file | {"format": 2}, Reason.BAD_MESSAGE),
            (file | {"board": {}}, Reason.BAD_VALUE),
            (file | {"images": {key: "AAAA"}}, Reason.BAD_VALUE),
            (file | {"images": {key: "not base64"}}, Reason.BAD_VALUE),
            (file | {"images": {key: 7}}, Reason.BAD_VALUE),
        ):
            assert refused(await boards.take(actor("you"), wrong)) is reason
        assert good(await boards.take(actor("you"), file | {"images": []}))["id"] == 2, "the image is there already"

    run(tmp_path / "here.db", here)
    run(tmp_path / "there.db", there)
