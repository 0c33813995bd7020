"""Many machines: three nodes on this one, of which one is killed while it works."""

import threading
from pathlib import Path

import pytest

from photochrom.archive.work import Order
from photochrom.errors import UsageError
from tests.tiny_model import write_model

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def cluster():
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 100 << 20})
    made.nodes = [made.add_node(num_cpus=1, object_store_memory=100 << 20) for _ in range(2)]
    yield made
    ray.shutdown()
    made.shutdown()


def test_a_killed_node_loses_and_doubles_nothing(cluster, draw, tmp_path: Path) -> None:
    from photochrom.archive.cluster import Pool
    from photochrom.archive.journal import Journal
    from photochrom.archive.run import Plan, Run
    from photochrom.archive.sources import items
    from photochrom.archive.targets import Folder
    from photochrom.batch.find import PassedOver

    for n in range(40):
        draw(f"scans/{n}.png", (600, 500))
    model = str(write_model(tmp_path / "drawn.onnx"))
    with pytest.raises(UsageError, match="--device cuda needs GPUs, and this Ray cluster has none"):
        Pool(cluster.address, model=model, device="cuda")
    with (
        Pool(cluster.address, model=model, device="cpu", workers=3) as pool,
        Journal(tmp_path / "journal") as journal,
    ):
        run = Run(Order(), Plan(), journal, Folder(str(tmp_path / "out")), pool.color)
        outcomes = []
        for outcome in run.over(items([str(tmp_path / "scans")], PassedOver()), workers=6, memory=1 << 30):
            outcomes.append(outcome)
            if len(outcomes) == 10:
                threading.Thread(
                    target=cluster.remove_node, args=(cluster.nodes[0],), kwargs={"allow_graceful": False}
                ).start()
        assert sorted(outcome.key for outcome in outcomes) == sorted(f"{n}.png" for n in range(40))
        assert {outcome.status for outcome in outcomes} == {"done"}
        assert journal.counts() == {"done": 40}
    assert len(list((tmp_path / "out").iterdir())) == 40
