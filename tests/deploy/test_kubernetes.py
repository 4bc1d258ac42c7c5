"""deploy/kubernetes: manifests that are valid, fit together, and shut the worker in. No cluster is here to run them."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from consumer.rates.load import load_rates
from consumer.settings import KafkaSection, load_settings
from consumer.surface import metric_families
from deploy.kubernetes.__main__ import made
from deploy.kubernetes.made import RatesTooLarge, rates_config_map
from deploy.rules.deployment import Deployment
from deploy.rules.files import RECORDING, rules
from tests.deploy.commands import ROOT, ask
from tests.deploy.kustomize import KUBERNETES, OVERLAYS, Manifest, named_in, overlay, rendered, the

#: The oldest whose fields suffice, and the newest that kubernetes-validate 1.37 has.
VERSIONS = ("1.30", "1.37")
OF_OPERATORS = {"ServiceMonitor", "PrometheusRule", "ScaledObject"}

every_overlay = pytest.mark.parametrize("name", OVERLAYS)


def worker(name: str) -> Manifest:
    found: Manifest = the("StatefulSet", overlay(name))["spec"]["template"]["spec"]
    return found


def container(name: str) -> Manifest:
    (found,) = worker(name)["containers"]
    return dict(found)


def test_there_is_one_overlay_for_each_way_to_run_it() -> None:
    assert OVERLAYS == ["embedded", "kafka", "kafka-scaled"]


@every_overlay
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not here; it has kustomize built in")
def test_kustomize_makes_the_same_of_it_as_these_tests(name: str) -> None:
    found = ask("kubectl", "kustomize", KUBERNETES / "overlays" / name)
    assert found.returncode == 0, found.stderr
    without_hash = re.sub(r"(callcost-settings)-[a-z0-9]{10}\b", r"\1", found.stdout)
    assert keyed(list(yaml.safe_load_all(without_hash))) == keyed(overlay(name))


def keyed(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {(one["kind"], one["metadata"]["name"]): one for one in manifests}


def test_every_file_is_used() -> None:
    used = {path for name in OVERLAYS for path in named_in(KUBERNETES / "overlays" / name)}
    there = {path for path in KUBERNETES.rglob("*") if path.suffix in (".yaml", ".toml")}
    assert used == there


@pytest.mark.parametrize("version", VERSIONS)
@every_overlay
def test_every_manifest_is_valid(name: str, version: str) -> None:
    checked = [one for one in overlay(name) if one["kind"] not in OF_OPERATORS]
    assert len(checked) >= 8
    for one in checked:
        kubernetes_validate.validate(one, version, strict=True)


def test_a_field_that_there_is_not_would_be_refused() -> None:
    manifest = the("StatefulSet", overlay("embedded"))
    manifest["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError, match="enableServiceLink"):
        kubernetes_validate.validate(manifest, VERSIONS[0], strict=True)


def test_what_is_made_of_other_files_is_made_of_them_as_they_are() -> None:
    """If not: python -m deploy.kubernetes."""
    stale = [str(path.relative_to(ROOT)) for path, text in made().items() if path.read_text(encoding="utf-8") != text]
    assert stale == []


def test_a_rate_table_that_no_configmap_holds_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """1 MiB of values is what the API server takes: 576 bytes and a deck of 1 048 000."""
    (tmp_path / "decks").mkdir()
    (tmp_path / "rates.toml").write_text("#" * 576)
    deck = tmp_path / "decks" / "carrier-a.csv"
    deck.write_text("3" * 1_048_000)
    assert len(yaml.safe_load(rates_config_map(tmp_path))["data"]["carrier-a.csv"]) == 1_048_000
    deck.write_text("3" * 1_048_001)
    with pytest.raises(RatesTooLarge, match=r"1,048,577 bytes.*callcost rates publish.*a volume"):
        rates_config_map(tmp_path)
    assert "### Large decks" in (ROOT / "docs" / "deployment.md").read_text()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_volume_for_large_decks_fits_the_worker(version: str, tmp_path: Path) -> None:
    """The patch of docs/deployment.md, applied to a copy of the embedded overlay."""
    page = (ROOT / "docs" / "deployment.md").read_text()
    (patch,) = re.findall(r"```yaml\n(- op: add\n.*?)```", page, re.DOTALL)
    shutil.copytree(KUBERNETES, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "overlays" / "embedded"
    (folder / "decks.yaml").write_text(patch)
    with (folder / "kustomization.yaml").open("a") as kustomization:
        kustomization.write("  - path: decks.yaml\n    target: { kind: StatefulSet, name: callcost }\n")
    patched = the("StatefulSet", rendered(folder))
    kubernetes_validate.validate(patched, version, strict=True)
    pod = patched["spec"]["template"]["spec"]
    (volume,) = (one for one in pod["volumes"] if "persistentVolumeClaim" in one)
    (mount,) = (one for one in pod["containers"][0]["volumeMounts"] if one["name"] == volume["name"])
    assert f'rates = "{mount["mountPath"]}/rates.toml"' in page


def test_the_operator_is_given_the_same_rules_as_prometheus() -> None:
    rules = {
        one["metadata"]["name"]: one["spec"]
        for one in rendered(KUBERNETES / "components" / "monitoring")
        if one["kind"] == "PrometheusRule"
    }
    files = {path.stem: path for path in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml")}
    assert set(rules) == set(files) == {"callcost-recording", "callcost-alerts"}
    for name, path in files.items():
        assert rules[name] == yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.promtool
def test_promtool_accepts_the_rules_of_the_operator(tmp_path: Path) -> None:
    for one in rendered(KUBERNETES / "components" / "monitoring"):
        if one["kind"] == "PrometheusRule":
            path = tmp_path / f"{one['metadata']['name']}.yml"
            path.write_text(yaml.safe_dump(one["spec"], allow_unicode=True))
            found = ask("promtool", "check", "rules", path)
            assert found.returncode == 0, found.stdout + found.stderr


#: Keys of the operators' own kinds, as far as these manifests use them; a schema of theirs is not in any package here.
_RULE = {"alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"}
_GROUP = {"name", "interval", "limit", "query_offset", "labels", "rules"}
_ENDPOINT = {"port", "path", "interval", "scrapeTimeout"}


def test_custom_resources_have_no_key_that_their_operators_do_not_know() -> None:
    manifests = rendered(KUBERNETES / "components" / "monitoring")
    for one in manifests:
        assert one["apiVersion"] == "monitoring.coreos.com/v1"
        if one["kind"] == "PrometheusRule":
            assert set(one["spec"]) == {"groups"}
            for group in one["spec"]["groups"]:
                assert set(group) <= _GROUP
                assert all(set(rule) <= _RULE for rule in group["rules"])
    monitor = the("ServiceMonitor", manifests)["spec"]
    assert set(monitor) == {"jobLabel", "selector", "endpoints", "sampleLimit"}
    assert all(set(endpoint) <= _ENDPOINT for endpoint in monitor["endpoints"])
    scaled = the("ScaledObject", rendered(KUBERNETES / "components" / "scaling"))
    assert scaled["apiVersion"] == "keda.sh/v1alpha1"
    assert set(scaled["spec"]) == {
        "scaleTargetRef", "pollingInterval", "minReplicaCount", "maxReplicaCount", "fallback", "advanced", "triggers",
    }  # fmt: skip
    for trigger in scaled["spec"]["triggers"]:
        assert (trigger["type"], trigger["metricType"]) == ("prometheus", "AverageValue")
        assert set(trigger["metadata"]) == {"serverAddress", "query", "threshold"}
        assert all(isinstance(value, str) for value in trigger["metadata"].values())


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


@every_overlay
def test_selectors_find_what_they_are_meant_for(name: str) -> None:
    manifests = overlay(name)
    stateful = the("StatefulSet", manifests)["spec"]
    labels = stateful["template"]["metadata"]["labels"]
    assert selects(stateful["selector"]["matchLabels"], labels)
    services = [one for one in manifests if one["kind"] == "Service"]
    assert all(selects(one["spec"]["selector"], labels) for one in services)
    assert selects(the("NetworkPolicy", manifests)["spec"]["podSelector"]["matchLabels"], labels)
    monitored = the("ServiceMonitor", manifests)["spec"]
    (found,) = (one for one in services if selects(monitored["selector"]["matchLabels"], one["metadata"]["labels"]))
    assert found["metadata"]["name"] == stateful["serviceName"]
    assert found["metadata"]["labels"][monitored["jobLabel"]] == "callcost", "the job of dashboards and alerts"
    assert [endpoint["port"] for endpoint in monitored["endpoints"]] == [
        port["name"] for port in found["spec"]["ports"]
    ]


@every_overlay
def test_ports_are_the_one_that_the_worker_listens_on(name: str) -> None:
    (port,) = container(name)["ports"]
    settings = load_settings(KUBERNETES / "overlays" / name.removesuffix("-scaled") / "callcost.toml")
    assert (port["name"], port["containerPort"]) == ("http", settings.http.port)
    services = [one for one in overlay(name) if one["kind"] == "Service"]
    assert {service["spec"]["ports"][0]["targetPort"] for service in services} == {"http"}


def test_calls_are_taken_by_workers_that_still_restore_and_shown_by_those_that_are_ready() -> None:
    services = {one["metadata"]["name"]: one["spec"] for one in overlay("kafka") if one["kind"] == "Service"}
    reached = {name: one.get("publishNotReadyAddresses", False) for name, one in services.items()}
    assert reached == {"callcost": False, "callcost-ingest": True, "callcost-workers": True}


@every_overlay
def test_settings_rates_and_secrets_are_mounted_where_the_settings_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = laid_out(name, tmp_path)
    for variable in container(name)["env"]:
        monkeypatch.setenv(variable["name"], "callcost-0")
    settings = load_settings(files["/etc/callcost"] / "callcost.toml")
    assert settings.rates is not None
    assert load_rates(settings.rates).sha256 == load_rates(ROOT / "deploy" / "sample" / "rates.toml").sha256
    secrets = [settings.ingest.token_file]
    if settings.kafka is None:
        assert f"{settings.home.path.parent}" in {mount["mountPath"] for mount in container(name)["volumeMounts"]}
    else:
        assert settings.kafka.instance == "callcost-0"
        assert settings.kafka.has_tls
        secrets += [settings.kafka.ca_file, settings.kafka.password_file]
    of_secrets = {volume["name"] for volume in worker(name)["volumes"] if "secret" in volume}
    held = {mount["mountPath"] for mount in container(name)["volumeMounts"] if mount["name"] in of_secrets}
    assert {str(path.parent) for path in secrets if path} == held


def laid_out(name: str, folder: Path) -> dict[str, Path]:
    """The projected volume as the kubelet lays it out, by where it is mounted."""
    maps = {one["metadata"]["name"]: one["data"] for one in overlay(name) if one["kind"] == "ConfigMap"}
    (volume,) = (one for one in worker(name)["volumes"] if "projected" in one)
    for source in volume["projected"]["sources"]:
        data = maps[source["configMap"]["name"]]
        items = source["configMap"].get("items", [{"key": key, "path": key} for key in data])
        assert {item["key"] for item in items} == set(data), "every key has its place"
        for item in items:
            path = folder / item["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(data[item["key"]], encoding="utf-8")
    (mount,) = (one for one in container(name)["volumeMounts"] if one["name"] == volume["name"])
    assert "subPath" not in mount, "a changed rate table would not reach the worker"
    return {mount["mountPath"]: folder}


@every_overlay
def test_every_volume_is_mounted_and_every_mount_has_a_volume(name: str) -> None:
    claims = the("StatefulSet", overlay(name))["spec"].get("volumeClaimTemplates", [])
    volumes = [one["name"] for one in worker(name)["volumes"]] + [one["metadata"]["name"] for one in claims]
    assert sorted(volumes) == sorted(one["name"] for one in container(name)["volumeMounts"])


@every_overlay
def test_the_pod_fits_the_restricted_profile(name: str) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a read-only root besides."""
    pod, of_container = worker(name), container(name)["securityContext"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert of_container == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
    assert {kind for volume in pod["volumes"] for kind in volume if kind != "name"} <= allowed
    assert all("hostPort" not in port for port in container(name)["ports"])
    labels = the("Namespace", overlay(name))["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@every_overlay
def test_the_user_is_the_one_of_the_image(name: str) -> None:
    said = re.findall(r"^USER (\d+):(\d+)$", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    context = worker(name)["securityContext"]
    assert said == [(str(context["runAsUser"]), str(context["runAsGroup"]))]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert container(name)["image"] == f"callcost:{version}"


@every_overlay
def test_no_token_of_the_cluster_and_none_of_its_variables_reach_the_worker(name: str) -> None:
    assert worker(name)["automountServiceAccountToken"] is False
    assert worker(name)["enableServiceLinks"] is False
    assert the("ServiceAccount", overlay(name))["automountServiceAccountToken"] is False
    assert not [one for one in overlay(name) if one["kind"] in ("Role", "RoleBinding", "ClusterRole", "Secret")]


@every_overlay
def test_a_restore_of_minutes_restarts_nothing(name: str) -> None:
    probes = {kind: container(name)[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")}
    paths = {kind: probe["httpGet"]["path"] for kind, probe in probes.items()}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert probes["startup"]["periodSeconds"] * probes["startup"]["failureThreshold"] == 600


@every_overlay
def test_there_is_time_to_stop(name: str) -> None:
    wait = int(container(name)["lifecycle"]["preStop"]["exec"]["command"][1])
    assert worker(name)["terminationGracePeriodSeconds"] >= wait + 60


def test_one_worker_has_the_file_to_itself() -> None:
    spec = the("StatefulSet", overlay("embedded"))["spec"]
    assert spec["replicas"] == 1
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert not [one for one in overlay("embedded") if one["kind"] == "PodDisruptionBudget"], "it would stop every drain"


def test_workers_on_kafka_go_one_at_a_time() -> None:
    spec = the("PodDisruptionBudget", overlay("kafka"))["spec"]
    labels = the("StatefulSet", overlay("kafka"))["spec"]["template"]["metadata"]["labels"]
    assert spec["maxUnavailable"] == 1
    assert selects(spec["selector"]["matchLabels"], labels)


def test_nobody_is_reached_but_the_broker_and_only_where_there_is_one() -> None:
    assert the("NetworkPolicy", overlay("embedded"))["spec"]["egress"] == []
    ports = {
        port["port"] for rule in the("NetworkPolicy", overlay("kafka"))["spec"]["egress"] for port in rule["ports"]
    }
    settings = load_settings(KUBERNETES / "overlays" / "kafka" / "callcost.toml")
    assert settings.kafka is not None
    assert ports == {53, int(settings.kafka.bootstrap.rpartition(":")[2])}


def test_there_are_never_more_workers_than_partitions() -> None:
    scaled = the("ScaledObject", overlay("kafka-scaled"))["spec"]
    settings = load_settings(KUBERNETES / "overlays" / "kafka" / "callcost.toml")
    assert settings.kafka is not None
    assert scaled["maxReplicaCount"] == settings.kafka.partitions == KafkaSection.model_fields["partitions"].default
    target = the("StatefulSet", overlay("kafka-scaled"))
    assert "replicas" not in target["spec"], "applying again would undo what the autoscaler did"
    reference = (target["apiVersion"], target["kind"], target["metadata"]["name"])
    assert tuple(scaled["scaleTargetRef"].values()) == reference


def test_it_scales_by_metrics_that_there_are() -> None:
    asked = set(re.findall(r"[\w:]*callcost_[\w:]+", " ".join(scaling_queries().values())))
    assert asked == {"job:callcost_received:increase15m", "callcost_source_lag_records"}
    assert asked <= exported() | recorded()


@pytest.mark.promtool
def test_a_partition_that_moves_adds_no_worker(tmp_path: Path) -> None:
    """12 partitions of 5 000 000 events on three workers, 100 a minute each: 12 × 100 ÷ 60 = 20 a second.

    At minute 40 one partition of a is with b, and for a scrape with a still. The rate stays below 30, where one worker
    is added for each 15 000; once 15 minutes of whole scrapes have passed it is 20 again.
    """
    query = scaling_queries()["events"]
    given = {
        "a": "20000000+400x40 15012300+300x60",  # 3 × (5 000 000 + 41 × 100)
        "b": "20000000+400x39 25020000+500x61",  # 5 × (5 000 000 + 40 × 100)
        "c": "20000000+400x101",
    }
    exact = {f"{minute}m": (query, 20) for minute in (35, 70)}
    below = {f"{minute}m": (f"({query}) < bool 30", 1) for minute in range(36, 70)}
    tests = [
        {"expr": expr, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
        for at, (expr, value) in {**exact, **below}.items()
    ]
    series = [
        {"series": f'callcost_received_total{{job="callcost",instance="{one}"}}', "values": values}
        for one, values in given.items()
    ]
    unit = {"interval": "1m", "input_series": series, "promql_expr_test": tests}
    files = [str(ROOT / "deploy" / "prometheus" / "rules" / RECORDING)]
    content = {"rule_files": files, "evaluation_interval": "1m", "tests": [unit]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    found = ask("promtool", "test", "rules", tmp_path / "test.yml")
    assert found.returncode == 0, found.stdout + found.stderr


def scaling_queries() -> dict[str, str]:
    triggers = the("ScaledObject", overlay("kafka-scaled"))["spec"]["triggers"]
    return {trigger["name"]: trigger["metadata"]["query"] for trigger in triggers}


def recorded() -> set[str]:
    groups = rules(Deployment())[RECORDING]["groups"]
    return {rule["record"] for group in groups for rule in group["rules"]}


def exported() -> set[str]:
    found: set[str] = set()
    for value in vars(metric_families).values():
        families: list[Any] = list(value.values()) if isinstance(value, dict) else [value]
        found |= {one.name for one in families if isinstance(one, metric_families.Family)}
    return found
