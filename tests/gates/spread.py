"""The ways in which the guide for teachers spreads a class over cores and machines, and packs it for
Gradescope, as they stand there; .ci/run calls it."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from tool import ROOT, run

from shared.steps import BUILD, find_step

STEP = find_step("03")
HEADER = "foo_from_mmap.hpp"
REFERENCE = (STEP.folder / HEADER).read_text(encoding="utf-8")
# One node, in a network of its own, with an address that is not the loopback's: what Slurm asks for.
SLURM = r"""
set -eu
d=$1; shift
hostname localhost
ip link set lo up
ip link add own type veth peer name other
ip address add 10.77.0.1/24 dev own
ip link set own up
ip link set other up
head -c 128 /dev/urandom > "$d/key"
chmod 600 "$d/key"
mkdir -m 755 "$d/munge" "$d/spool" "$d/state"
munged --force --key-file="$d/key" --socket="$d/munge/socket" --pid-file="$d/munge/pid" \
    --log-file="$d/munge/log" --seed-file="$d/munge/seed"
cat > "$d/slurm.conf" << END
ClusterName=suchfoo
SlurmctldHost=localhost(10.77.0.1)
AuthType=auth/munge
AuthInfo=socket=$d/munge/socket
SlurmUser=root
StateSaveLocation=$d/state
SlurmdSpoolDir=$d/spool
SlurmctldPidFile=$d/slurmctld.pid
SlurmdPidFile=$d/slurmd.pid
SlurmctldLogFile=$d/slurmctld.log
SlurmdLogFile=$d/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
NodeName=localhost NodeAddr=10.77.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF="$d/slurm.conf"
slurmctld
slurmd -N localhost
"$@"
"""


def guide(word):
    """The commands of the guide that have this word."""
    text = (ROOT / "notes" / "teaching.md").read_text(encoding="utf-8")
    return next(block for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S) if word in block)


class Spread(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="suchfoo-class-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        os.chmod(self.folder, 0o755)
        self.submissions = self.folder / "submissions"
        for name, text in (("Jane O'Brien", REFERENCE), ("zoë", REFERENCE + "// zoë\n"), ("broken", "int;\n")):
            (self.submissions / name).mkdir(parents=True)
            (self.submissions / name / HEADER).write_text(text, encoding="utf-8")

    def commands(self, word):
        """Those of the guide, on our folders and not on the tree's."""
        text = guide(word).replace("grade-one.sh", f"{self.folder}/grade-one.sh")
        text = re.sub(r"\b(submissions|students)\b(?![\w=])", rf"{self.folder}/\1", text)
        return re.sub(r"=grades\b", f"={self.folder}/grades", text)

    def check_grades(self):
        with open(self.folder / "grades" / "grades.csv", newline="", encoding="utf-8") as file:
            grades = {row["student"]: float(row["total"]) for row in csv.DictReader(file)}
        self.assertEqual(grades, {"Jane O'Brien": STEP.points, "zoë": STEP.points, "broken": 0})

    def test_gnu_parallel(self):
        result = run("sh", "-ec", self.commands("parallel"), timeout=600)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.check_grades()

    @unittest.skipIf(os.geteuid() != 0 or not shutil.which("slurmctld"), "no root, or no Slurm")
    def test_a_slurm_array(self):
        result = run("unshare", "--net", "--uts", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
                     SLURM, "sh", self.folder, "sh", "-ec", self.commands("sbatch"), timeout=600)
        logs = " ".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr + logs)
        self.assertIn("Submitted batch job", result.stdout)
        for path in ROOT.glob("slurm-*.out"):
            path.unlink()
        self.check_grades()

    def test_gradescope(self):
        """Laid out as Gradescope does, but for the installing: with a build that is there."""
        archive = self.folder / "autograder.zip"
        result = run("make", "-s", "autograder", f"OUT={archive}", "STEPS=03")
        self.assertEqual(result.returncode, 0, result.stderr)
        root = self.folder / "autograder"
        with zipfile.ZipFile(archive) as file:
            names = file.namelist()
            file.extractall(root / "source")
            self.assertEqual(file.getinfo("run_autograder").external_attr >> 16 & 0o777, 0o755)
        self.assertIn("setup.sh", names)
        self.assertFalse([name for name in names if name.startswith(("suchfoo/build", "suchfoo/.git/"))])
        script = (root / "source" / "run_autograder").read_text(encoding="utf-8")
        (root / "build").mkdir()
        for part in ("tests", "steps"):
            (root / "build" / part).symlink_to(BUILD / part)
        script = script.replace("/autograder/", f"{root}/").replace("cd ", f"export SUCHFOO_BUILD='{root}/build'\ncd ", 1)
        (root / "run_autograder").write_text(script)
        os.chmod(root / "source", 0o700)
        results = root / "results" / "results.json"
        for files, score in (({HEADER: REFERENCE}, STEP.points), ({"x.txt": "?"}, 0), ({}, 0)):
            shutil.rmtree(root / "submission", ignore_errors=True)
            (root / "submission").mkdir()
            for name, text in files.items():
                (root / "submission" / name).write_text(text)
            subprocess.run(["bash", str(root / "run_autograder")], capture_output=True, timeout=600)
            data = json.loads(results.read_text())
            self.assertAlmostEqual(sum(test.get("score", 0) for test in data["tests"]), score)
        # Every other way out has results as well.
        (root / "source" / "suchfoo" / "common" / "tools" / "teacher" / "grade.py").write_text("import nothing\n")
        subprocess.run(["bash", str(root / "run_autograder")], capture_output=True, timeout=600)
        self.assertIn("not the fault of what was handed in", json.loads(results.read_text())["output"])
        shutil.rmtree(root / "source")
        subprocess.run(["bash", str(root / "run_autograder")], capture_output=True, timeout=600)
        self.assertIn("ended before it was done", json.loads(results.read_text())["output"])


if __name__ == "__main__":
    unittest.main()
