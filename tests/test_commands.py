"""The command `yijianshi` as somebody at the machine meets it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from click.testing import CliRunner, Result

from backend.cli import main
from dialogs.days import span_says
from tests.nursery import free_port, wait_until_ready

ROOT = Path(__file__).parent.parent
COMMAND = "from backend.cli import main; main()"


def run(*words: str, given: str = "", **env: str) -> Result:
    """The command in this process, with no settings but these; what it puts into the environment is gone afterwards."""
    others = {name: None for name in os.environ if name.startswith("YIJIANSHI_")}
    with patch.dict(os.environ):
        return CliRunner().invoke(main, words, input=given, env={**others, **env})


def test_a_bad_line_is_named_and_the_others_are_decided_all_the_same() -> None:
    facts = {
        "household_county": "511702",
        "holds_card": True,
        "card_status": "valid",
        "is_dibao": True,
        "card_level": 1,
    }
    good = {"id": "a", "region": "tongchuan", "on": "2026-11-21", "facts": facts}
    done = run(
        "decide", given=json.dumps(good) + "\nnot json\n" + json.dumps({**good, "id": "b", "region": "moon"}) + "\n"
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    assert lines[0]["items"]["allowance.nursing"]["verdict"] == "eligible"
    assert lines[0]["channel"]["allowance.nursing"]["mode"] == "jump"
    assert [("error" in line) for line in lines] == [False, True, True]


def test_good_lines_alone_end_well() -> None:
    line = json.dumps({"id": "u", "region": "tongchuan", "context": "yesno:holds_card", "text": "莫得"})
    done = run("understand", given=line + "\n")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {"id": "u", "kind": "answer", "value": False}


def test_a_missing_secret_is_named_at_start() -> None:
    done = run("serve", YIJIANSHI_DATA_DIR="/nonexistent")
    assert done.exit_code == 2
    assert "YIJIANSHI_MASTER_KEY" in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_a_demo_beside_another_names_the_port_that_is_taken(tmp_path: Path) -> None:
    port = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 1))
        other.listen()
        done = run("demo", PORT=str(port), YIJIANSHI_DATA_DIR=str(tmp_path))
    assert done.exit_code == 1 and f"Port {port + 1} is in use" in done.stderr
    assert not list(tmp_path.iterdir())


def test_how_long_something_is_kept_is_said_as_people_say_it() -> None:
    assert [span_says(days) for days in (1825, 365, 180, 90, 1095)] == ["5年", "1年", "半年", "90天", "3年"]


def test_a_demo_from_nothing_answers_and_when_told_to_end_takes_its_stand_in_with_it(tmp_path: Path) -> None:
    port = free_port()
    env = os.environ | {"PORT": str(port), "YIJIANSHI_DATA_DIR": str(tmp_path), "YIJIANSHI_READ_PHOTOS": "false"}
    demo = subprocess.Popen([sys.executable, "-c", COMMAND, "demo"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", lambda: demo.poll() is None)
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=60) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port + 1))
    finally:
        demo.kill()
