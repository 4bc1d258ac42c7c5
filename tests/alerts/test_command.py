"""`python -m deploy.rules`: where it writes, and what it says of options that cannot be."""

from pathlib import Path

import pytest

from deploy.rules.__main__ import main
from deploy.rules.files import ALERTS, RECORDING


def test_it_writes_to_a_directory_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--currency", "eur", "--dimensions", "direction,team", "--into", str(tmp_path / "rules")])
    printed = capsys.readouterr().out.splitlines()
    assert sorted(printed) == sorted(str(path) for path in (tmp_path / "rules").iterdir())
    assert {Path(line).name for line in printed} == {ALERTS, RECORDING}
    assert "job_window:callcost_cost_per_call_eur:ratio" in (tmp_path / "rules" / RECORDING).read_text()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--currency", "Euro", "currency: found 'Euro', expected three letters"),
        ("--dimensions", "queue,site", "expected direction first"),
    ],
)
def test_an_option_that_cannot_be_is_told_as_such(
    option: str, value: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([option, value, "--into", str(tmp_path / "rules")])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "rules").exists()


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(SystemExit) as ended:
        main(["--into", str(tmp_path / "taken")])
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        f"python -m deploy.rules: {tmp_path}/taken: File exists; give --into a directory that can be written\n"
    )
