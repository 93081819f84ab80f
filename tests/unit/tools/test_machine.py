from lakehouse_tools import machine


def test_free_disk_is_told_for_a_folder_that_does_not_exist_yet(tmp_path):
    assert machine.free_disk_megabytes(tmp_path / "not" / "yet") > 0


def test_free_memory_is_a_sane_number():
    memory = machine.free_memory_megabytes()
    assert memory is None or 10 < memory < 100_000_000
