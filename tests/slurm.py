"""A Slurm of one node in a folder of its own, from Debian's packages: its daemons on sockets and free ports of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
COMMANDS = ("sbatch", "squeue", "scancel", "sinfo", "scontrol", "sacct", "srun")
SBIN = "/usr/sbin"


def missing() -> str:
    """Why no Slurm can be started here; '' when one can."""
    found = os.pathsep.join([os.environ.get("PATH", ""), SBIN])
    absent = [name for name in (*DAEMONS, "sbatch", "squeue") if not shutil.which(name, path=found)]
    if absent:
        return f"no {', '.join(absent)}: on Debian, install slurm-wlm and munge"
    return "" if os.geteuid() == 0 else "the daemons of Slurm want root"


@contextmanager
def one_node(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `sbatch` and its kin reach a Slurm of one node; its daemons end with the context."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    conf = folder / "slurm.conf"
    conf.write_text(_configuration(folder))
    env = os.environ | {"PATH": os.pathsep.join([str(folder / "bin"), os.environ["PATH"], SBIN]), "SLURM_CONF": str(conf)}
    _wrap(folder / "bin", conf, env["PATH"])
    munge = [f"--{name}={folder}/munge.{end}" for name, end in (("socket", "socket"), ("key-file", "key"), ("pid-file", "pid"))]
    munge += [f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed", "--foreground", "--force"]
    started: list[subprocess.Popen] = []
    try:
        for command in (["munged", *munge], ["slurmctld", "-D"], ["slurmd", "-D"]):
            with (folder / f"{command[0]}.out").open("w") as out:
                started.append(subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT))
            time.sleep(1)
        _wait(env)
        yield env
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _configuration(folder: Path) -> str:
    host, cores = socket.gethostname().split(".")[0], os.cpu_count() or 1
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = f"SlurmctldPort={one.getsockname()[1]}\nSlurmdPort={two.getsockname()[1]}\n"
    return (
        f"ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser=root\n{ports}AuthType=auth/munge\n"
        f"AuthInfo=socket={folder}/munge.socket\nStateSaveLocation={folder}/state\nSlurmdSpoolDir={folder}/spool\n"
        f"SlurmctldPidFile={folder}/slurmctld.pid\nSlurmdPidFile={folder}/slurmd.pid\nProctrackType=proctrack/linuxproc\n"
        "TaskPlugin=task/none\nReturnToService=2\nSchedulerType=sched/backfill\nSelectType=select/cons_tres\n"
        f"SelectTypeParameters=CR_Core\nNodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=1000 State=UNKNOWN\n"
        f"PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP\n"
    )


def _wrap(folder: Path, conf: Path, path: str) -> None:
    """Commands that know where the configuration is, whatever becomes of the variables of the one who calls them."""
    folder.mkdir()
    for name in COMMANDS:
        if command := shutil.which(name, path=path):
            (folder / name).write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {command} "$@"\n')
            (folder / name).chmod(0o755)


def _wait(env: dict[str, str], seconds: int = 60) -> None:
    """Until the node is idle."""
    for _ in range(seconds):
        if "idle" in subprocess.run(["sinfo", "-h", "-o", "%T"], env=env, capture_output=True, text=True).stdout:
            return
        time.sleep(1)
    raise RuntimeError(subprocess.run(["sinfo"], env=env, capture_output=True, text=True).stdout)
