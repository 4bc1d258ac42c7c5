"""deploy/compose.yaml, as far as it shows without a Docker engine: pins, health, order, mounts, secrets, hardening."""

import importlib.util
import re
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from consumer.rates.load import load_rates
from consumer.settings import load_settings
from tests.deploy.commands import ask
from tests.deploy.compose import FILE, ROOT, is_one_shot, mounts, seen_at, services, stack

HEALTH_ENDPOINT = re.compile(r"/-/ready|/api/health|check ready|kafka-broker-api-versions|calls_arrive")
every_service = pytest.mark.parametrize("name", sorted(services()))


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FILE.parent / "compose" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(
    shutil.which("docker") is None or ask("docker", "compose", "version").returncode != 0,
    reason="docker compose is not here; it reads the file with its own schema",
)
def test_docker_compose_itself_reads_it() -> None:
    found = ask("docker", "compose", "-f", FILE, "config", "--quiet")
    assert (found.returncode, found.stderr) == (0, "")


def test_the_whole_stack_is_there() -> None:
    assert set(services()) == {
        "secrets", "kafka", "worker", "history", "simulator", "prometheus", "alertmanager", "grafana",
    }  # fmt: skip


@every_service
def test_images_are_pinned(name: str) -> None:
    image, _, tag = services()[name]["image"].rpartition(":")
    assert image
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag), tag


def test_the_broker_is_the_one_that_the_tests_run() -> None:
    pom = (ROOT / "tests" / "kafka" / "pom.xml").read_text()
    assert services()["kafka"]["image"] == f"apache/kafka:{re.findall(r'<version>(.*?)</version>', pom)[1]}"


@every_service
def test_what_runs_long_says_whether_it_is_well(name: str) -> None:
    service = services()[name]
    if is_one_shot(name):
        assert service["healthcheck"] == {"disable": True}
    elif name == "worker":
        assert "healthcheck" not in service, "the image's own"
        assert "HEALTHCHECK" in (ROOT / "deploy" / "Dockerfile").read_text()
    else:
        test = service["healthcheck"]["test"]
        assert test[0] == "CMD"
        assert HEALTH_ENDPOINT.search(" ".join(test))


@every_service
def test_a_service_waits_for_what_it_needs(name: str) -> None:
    for needed, how in services()[name].get("depends_on", {}).items():
        ends = "service_completed_successfully" if is_one_shot(needed) else "service_healthy"
        assert how == {"condition": ends}


def test_the_order_has_no_circle() -> None:
    waits = {name: set(one.get("depends_on", {})) for name, one in services().items()}
    while waits:
        ready = {name for name, needed in waits.items() if not needed & set(waits)}
        assert ready, f"wait for each other: {sorted(waits)}"
        waits = {name: needed for name, needed in waits.items() if name not in ready}


@every_service
def test_a_container_can_change_nothing_but_its_volumes(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["CHOWN"] if name == "secrets" else [])
    assert service.get("user") == ("0:0" if name == "secrets" else None), "else the image's own user"
    assert not service.get("privileged")
    for one in service.get("tmpfs", []):
        assert {"nosuid", "nodev"} <= set(one.split(":")[1].split(","))


def test_only_the_maker_of_secrets_is_root_and_nobody_reaches_it() -> None:
    assert services()["secrets"]["network_mode"] == "none"
    assert not services()["secrets"].get("ports")


@every_service
def test_memory_processors_and_processes_are_limited(name: str) -> None:
    limits = services()[name]["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}


def test_ports_are_of_this_machine_alone() -> None:
    published = [port for one in services().values() for port in one.get("ports", [])]
    assert sorted(published) == [
        "127.0.0.1:3000:3000", "127.0.0.1:8080:8080", "127.0.0.1:9090:9090", "127.0.0.1:9093:9093",
    ]  # fmt: skip
    assert all("network_mode" not in one for name, one in services().items() if name != "secrets")


def test_who_publishes_no_port_reaches_nobody_outside() -> None:
    assert stack()["networks"]["inside"] == {"internal": True}
    for name, one in services().items():
        if name != "secrets":
            door = ["page" if name == "worker" else "outside"] if one.get("ports") else []
            assert one["networks"] == ["inside", *door], name


@every_service
def test_what_is_mounted_from_the_repository_exists_and_is_read_only(name: str) -> None:
    for mount in mounts(name):
        if mount.is_volume:
            assert mount.source in stack()["volumes"]
        else:
            assert mount.path.exists(), mount.path
            assert mount.path.is_relative_to(ROOT)
            assert mount.options == "ro"


def test_every_volume_is_used() -> None:
    used = {mount.source for name in services() for mount in mounts(name) if mount.is_volume}
    assert used == set(stack()["volumes"])


def test_the_worker_accepts_its_settings_and_rates_as_they_are_mounted(tmp_path: Path) -> None:
    for mount in mounts("worker"):
        if not mount.is_volume:
            place = tmp_path / mount.target.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(mount.path)
    settings = load_settings(tmp_path / "etc/callcost/callcost.toml")
    assert settings.kafka is not None
    assert settings.kafka.bootstrap == services()["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].split("//")[1]
    assert settings.rates is not None
    assert load_rates(settings.rates).currency == "USD"
    assert services()["worker"]["ports"] == [f"127.0.0.1:8080:{settings.http.port}"]


def test_no_secret_stands_in_the_file() -> None:
    for name, one in services().items():
        for variable, value in one.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|KEY", variable):
                assert variable.endswith("__FILE"), f"{name}: {variable}"
                assert value.startswith("/run/secrets/")


def test_each_secret_is_a_file_that_one_service_reads() -> None:
    readers = {"secrets-callcost": ["worker"], "secrets-grafana": ["grafana"]}
    for volume, expected in readers.items():
        mounted = {name: one for name in services() for one in mounts(name) if one.source == volume}
        assert sorted(set(mounted) - {"secrets"}) == expected
        assert all(mounted[name].options == "ro" for name in expected)
    made = {str(one.path) for one in script("make_secrets").ALL}
    settings = load_settings(FILE.parent / "compose" / "callcost.toml")
    read = {str(settings.ingest.token_file), services()["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD__FILE"]}
    assert {path.removeprefix("/secrets") for path in made} == {path.removeprefix("/run/secrets") for path in read}


def test_a_secret_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    module = script("make_secrets")
    secret = module.Secret(tmp_path / "tokens", tmp_path.stat().st_uid)
    assert module.make(secret)
    first = secret.path.read_text()
    assert len(first.strip()) >= 32
    assert secret.path.stat().st_mode & 0o777 == 0o400
    assert not module.make(secret)
    assert secret.path.read_text() == first


def test_a_secret_that_was_not_finished_is_made_again(tmp_path: Path) -> None:
    module = script("make_secrets")
    (tmp_path / ".tokens").write_text("half")
    assert module.make(module.Secret(tmp_path / "tokens", tmp_path.stat().st_uid))
    assert [path.name for path in tmp_path.iterdir()] == ["tokens"]


NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, "no call has come"),
        (NOON.isoformat().replace("+00:00", "Z"), None),
        ((NOON - timedelta(minutes=15)).isoformat(), None),
        ((NOON - timedelta(minutes=16)).isoformat(), "no call for 0:16:00"),
    ],
)
def test_the_simulator_is_well_while_calls_arrive(last: str | None, expected: str | None) -> None:
    assert script("calls_arrive").trouble({"last_event": last}, NOON) == expected


def test_the_month_is_told_once_and_what_a_restart_missed_again() -> None:
    (told_once,) = services()["history"]["command"]
    assert told_once.startswith("test -e /var/lib/callcost/told || { ")
    assert told_once.endswith(" && touch /var/lib/callcost/told; }")
    again = services()["simulator"]["command"]
    settings = load_settings(FILE.parent / "compose" / "callcost.toml")
    assert again[again.index("--past") + 1] == "12h"
    assert settings.fold.horizon_s >= 12 * 3600, "what is told again must still be known"


def test_prometheus_scrapes_the_worker_and_tells_alertmanager() -> None:
    assert "--config.file=/etc/prometheus/prometheus.yml" in services()["prometheus"]["command"]
    written = yaml.safe_load(seen_at("prometheus", "/etc/prometheus/prometheus.yml").read_text())
    (job,) = (one for one in written["scrape_configs"] if one["job_name"] == "callcost")
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["type"], found["port"]) == (["worker"], "A", 8080)
    shared = set(services()["worker"]["networks"]) & set(services()["prometheus"]["networks"])
    assert shared == {"inside"}, "two addresses of one worker would be counted twice"
    told = [
        target
        for manager in written["alerting"]["alertmanagers"]
        for group in manager["static_configs"]
        for target in group["targets"]
    ]
    assert told == ["alertmanager:9093"]
    for pattern in written["rule_files"]:
        folder = seen_at("prometheus", str(Path("/etc/prometheus") / Path(pattern).parent))
        assert list(folder.glob(Path(pattern).name)), pattern


@pytest.mark.promtool
def test_promtool_accepts_what_prometheus_is_given() -> None:
    path = seen_at("prometheus", "/etc/prometheus/prometheus.yml")
    found = ask("promtool", "check", "config", path)
    assert found.returncode == 0, found.stderr


@pytest.mark.amtool
def test_amtool_accepts_what_alertmanager_is_given() -> None:
    assert "--config.file=/etc/alertmanager/alertmanager.yml" in services()["alertmanager"]["command"]
    path = seen_at("alertmanager", "/etc/alertmanager/alertmanager.yml")
    found = ask("amtool", "check-config", path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_alertmanager_finds_its_templates_and_a_place_for_the_secrets_of_receivers() -> None:
    text = seen_at("alertmanager", "/etc/alertmanager/alertmanager.yml").read_text()
    for pattern in yaml.safe_load(text)["templates"]:
        folder = seen_at("alertmanager", str(Path("/etc/alertmanager") / Path(pattern).parent))
        assert list(folder.glob(Path(pattern).name)), pattern
    asked = set(re.findall(r"\w+_file: (\S+?)[,} \n]", text))
    assert asked
    explained = seen_at("alertmanager", "/etc/alertmanager/secrets/README.md").read_text()
    for name in asked:
        assert str(Path(name).parent) == "secrets", f"{name}: mounted at /etc/alertmanager/secrets"
        assert f"`{Path(name).name}`" in explained
    ignored = seen_at("alertmanager", "/etc/alertmanager/secrets/.gitignore").read_text().splitlines()
    assert ignored == ["*", "!.gitignore", "!README.md"]


def test_grafana_finds_its_data_source_and_dashboards() -> None:
    (sources,) = seen_at("grafana", "/etc/grafana/provisioning/datasources").glob("*.y*ml")
    (source,) = yaml.safe_load(sources.read_text())["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    (providers,) = seen_at("grafana", "/etc/grafana/provisioning/dashboards").glob("*.y*ml")
    (provider,) = yaml.safe_load(providers.read_text())["providers"]
    assert provider["folder"]
    assert list(seen_at("grafana", provider["options"]["path"]).glob("*.json"))


def test_the_health_check_of_the_simulator_needs_nothing_but_python() -> None:
    path = seen_at("simulator", "/calls_arrive.py")
    found = ask(sys.executable, "-I", "-S", path, "http://127.0.0.1:1")
    assert found.returncode == 1
    assert "Connection refused" in found.stderr
