"""`caliban init`: the files that it writes, and that they are sound."""

from __future__ import annotations

from pathlib import Path

from support.program import caliban


def test_init_writes_files_that_are_sound_and_keeps_what_is_there(tmp_path: Path) -> None:
    assert "wrote experiment.json" in caliban("init", folder=tmp_path).stdout
    assert caliban("check", "--fail_on", "warning", folder=tmp_path).returncode == 0
    assert caliban("expand", "experiment.json", "--count", folder=tmp_path).stdout == "4\n"
    (tmp_path / "experiment.json").write_text("{}")
    assert "kept  experiment.json" in caliban("init", folder=tmp_path).stdout
    assert (tmp_path / "experiment.json").read_text() == "{}"


def test_init_asks_for_no_gpu(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    assert caliban("init", folder=tmp_path).returncode == 0
    sending = ("--project_id", "ab-cdefg", "--dry_run", "--experiment_config", "experiment.json", "train.py")
    plan = caliban("cloud", *sending, folder=tmp_path)
    assert plan.returncode == 0, plan.stderr
    assert plan.stdout.splitlines()[0].startswith("4 jobs on n1-standard-8 in us-central1, project ab-cdefg")
    with_gpu = caliban("cloud", "--gpu_spec", "1xT4", *sending, folder=tmp_path)
    assert with_gpu.stdout.startswith("4 jobs on n1-standard-8 with 1xT4 in us-central1"), with_gpu.stderr
    insisting = caliban("cloud", "--gpu", *sending, folder=tmp_path)
    assert insisting.stdout.startswith("4 jobs on n1-standard-8 with 1xT4 in us-central1"), insisting.stderr
    # What the comment of the file says is so.
    config = tmp_path / ".calibanconfig.json"
    text = config.read_text().replace('"default_mode": "CPU"', '"default_mode": "GPU"')
    for written, gpu in (
        (text, "1xT4"),
        (text.replace('// "gpu_spec": "1xT4"', '"gpu_spec": "2xT4"'), "2xT4"),
    ):
        config.write_text(written)
        asked = caliban("cloud", *sending, folder=tmp_path)
        assert asked.stdout.startswith(f"4 jobs on n1-standard-8 with {gpu} in us-central1"), asked.stderr


def test_init_writes_further_experiments_by_name(tmp_path: Path) -> None:
    assert "wrote warm-up.experiment.json" in caliban("init", "--name", "warm-up", folder=tmp_path).stdout
    assert "caliban expand warm-up.experiment.json" in (tmp_path / "warm-up.experiment.json").read_text()
    assert not (tmp_path / "experiment.json").exists()
    assert caliban("check", folder=tmp_path).returncode == 0
    refused = caliban("init", "--name", "../up", folder=tmp_path)
    assert refused.returncode == 2
    assert "can't be called '../up'" in refused.stderr
