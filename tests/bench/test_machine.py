"""What the results say of the machine."""

from pathlib import Path

from bench import machine


def test_the_longest_mount_point_tells_the_file_system(tmp_path: Path) -> None:
    deep = tmp_path / "ram"
    deep.mkdir()
    mounts = f"disk / ext4 rw 0 0\nnone {deep} tmpfs rw 0 0\n"
    assert machine.file_system(tmp_path, mounts) == "ext4"
    assert machine.file_system(deep, mounts) == "tmpfs"
    assert machine.file_system(tmp_path / "ramshackle", mounts) == "ext4"


def test_the_model_is_found_on_a_pc_and_on_a_pi() -> None:
    assert machine.cpu_model("processor : 0\nmodel name\t: Some CPU @ 3 GHz\n") == "Some CPU @ 3 GHz"
    assert machine.cpu_model("BogoMIPS : 108\nModel\t\t: Raspberry Pi 4 Model B\n") == "Raspberry Pi 4 Model B"
