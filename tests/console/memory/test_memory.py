"""What is remembered comes back; what is damaged, secret or somebody else's does no harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from console.memory.filters import FilterError, SavedFilters
from console.memory.looks import Look, Looks, ViewLook

LOOK = Look(
    view="rooms", filter="who:bob", views={"sockets": ViewLook(sort="rtt", reverse=True, columns=("id", "rtt"))}
)


def test_each_target_has_its_own(tmp_path: Path) -> None:
    Looks("main:app", tmp_path).save(LOOK)
    Looks("other:app", tmp_path).save(Look(view="logs"))
    again = Looks("main:app", tmp_path).load()
    assert (again.view, again.filter, again.views) == (LOOK.view, LOOK.filter, LOOK.views)
    assert Looks("other:app", tmp_path).load().view == "logs"
    assert Looks("third:app", tmp_path).load() == Look()


def test_the_file_is_its_owners_alone_and_small(tmp_path: Path) -> None:
    looks = Looks("main:app", tmp_path)
    looks.save(LOOK)
    assert looks.path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in looks.path.parent.iterdir()] == [looks.path.name]
    written = looks.path.stat().st_mtime_ns
    looks.save(LOOK)
    assert looks.path.stat().st_mtime_ns == written


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"view": 3}', b"\xff", b"[" * 90_000, b"x" * 200_000])
def test_a_damaged_file_is_passed_over_and_said(tmp_path: Path, data: bytes) -> None:
    looks = Looks("main:app", tmp_path)
    looks.path.parent.mkdir(parents=True)
    looks.path.write_bytes(data)
    assert looks.load() == Look()
    assert looks.notice.startswith("the last view was not restored: ")
    assert looks.notice.endswith("it is damaged")
    looks.save(LOOK)
    assert Looks("main:app", tmp_path).load().filter == "who:bob"


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "looks").write_text("a file")
    looks = Looks("main:app", tmp_path)
    looks.save(LOOK)
    assert looks.notice.startswith("what you look at can't be remembered: ")


@pytest.mark.parametrize("filter", ["auth.token:t0psecret", "header.authorization:Bearer", 'arg[0].password="x y"'])
def test_no_secret_is_written(tmp_path: Path, filter: str) -> None:
    looks = Looks("https://bob:t0psecret@example.com/?token=t0psecret", tmp_path)
    looks.save(Look(view="rooms", filter=filter))
    assert looks.load().filter == ""
    assert "t0psecret" not in looks.path.read_text() + looks.path.name
    with pytest.raises(FilterError, match="asks for a secret"):
        SavedFilters(folder=tmp_path).save("mine", filter)


def test_a_target_may_be_anything(tmp_path: Path) -> None:
    for target in ("", "../../etc/passwd", "\x1b]52;\ud83d", "x" * 10_000):
        looks = Looks(target, tmp_path)
        assert looks.path.parent == tmp_path / "looks"
        looks.save(Look(view="rooms"))
        assert Looks(target, tmp_path).load().view == "rooms"


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_any_filter_comes_back_or_is_left_out(tmp_path: Path, filter: str) -> None:
    Looks("t", tmp_path).save(Look(filter=filter))
    assert Looks("t", tmp_path).load().filter in (filter, "", filter.encode("utf-8", "replace").decode())


def test_filters_are_saved_recalled_and_deleted(tmp_path: Path) -> None:
    saved = SavedFilters({"slow": "ack>200ms"}, tmp_path)
    saved.save("@bobs", "who:bob")
    assert dict(saved) == {"bobs": "who:bob", "slow": "ack>200ms"}
    again = SavedFilters({}, tmp_path)
    assert dict(again) == {"bobs": "who:bob"}
    again.save("others", "!who:bob")
    saved.save("third", "x")  # what another console saved meanwhile stays
    assert list(SavedFilters({}, tmp_path)) == ["bobs", "others", "third"]
    saved.delete("bobs")
    assert "bobs" not in saved
    assert saved.path
    assert saved.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "filter", "why"),
    [
        ("a b", "x", "a name has letters, digits"),
        ("", "x", "a name has letters, digits"),
        ("x" * 41, "x", "a name has letters, digits"),
        ("mine", " ", "there is no filter to save"),
        ("slow", "x", "@slow is set in the config file"),
    ],
)
def test_what_can_not_be_saved(tmp_path: Path, name: str, filter: str, why: str) -> None:
    saved = SavedFilters({"slow": "ack>200ms"}, tmp_path)
    with pytest.raises(FilterError, match=why):
        saved.save(name, filter)
    assert dict(saved) == {"slow": "ack>200ms"}


def test_the_config_files_filters_are_not_deleted(tmp_path: Path) -> None:
    with pytest.raises(FilterError, match="delete it there"):
        SavedFilters({"slow": "ack>200ms"}, tmp_path).delete("slow")


def test_a_damaged_file_of_filters_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "filters.json").write_text('{"a": "x",')
    saved = SavedFilters({}, tmp_path)
    assert saved.notice.endswith("it is damaged")
    saved.save("b", "y")
    assert dict(SavedFilters({}, tmp_path)) == {"b": "y"}
    assert (tmp_path / "filters.damaged").read_text() == '{"a": "x",'
