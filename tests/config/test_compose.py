"""docker-compose.yml, .env.example and the production settings speak of the same variables."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
PRODUCTION = (ROOT / "config" / "settings" / "production.py").read_text()


@pytest.fixture(scope="module")
def services() -> dict:
    return yaml.safe_load(COMPOSE)["services"]


def test_every_variable_of_the_compose_file_is_explained_in_the_example():
    used = set(re.findall(r"\$\{(\w+)", COMPOSE)) - {"GENDAN_IMAGE"}

    assert used - set(re.findall(r"^#?(\w+)=", EXAMPLE, re.M)) == set()


def test_every_variable_of_the_example_is_used():
    assert set(re.findall(r"^#?(\w+)=", EXAMPLE, re.M)) - set(re.findall(r"\$\{(\w+)", COMPOSE)) == set()


def test_every_setting_production_requires_is_handed_on(services):
    required = set(re.findall(r'required\("(\w+)"\)', PRODUCTION))

    assert required >= {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"}
    for name in ("set-up", "web", "worker", "worker-bulk", "beat"):
        assert required - set(services[name]["environment"]) == set(), name


def test_every_lasting_service_is_watched_restarted_and_given_time_to_end(services):
    lasting = {name: service for name, service in services.items() if name != "set-up"}

    assert set(lasting) == {"web", "worker", "worker-bulk", "beat", "proxy", "postgres", "redis"}
    for name, service in lasting.items():
        assert {"healthcheck", "stop_grace_period"} <= set(service), name
        assert service["restart"] == "unless-stopped", name


@pytest.mark.parametrize("name", ["worker", "worker-bulk"])
def test_a_worker_that_hangs_is_replaced_inside_its_container(services, name):
    command = services[name]["command"].split()

    assert command[:3] == ["python", "-m", "config.launcher.keep"]
    assert f"/{command[3]}.pulse" in services[name]["healthcheck"]["test"][1]


def test_no_secret_has_a_default():
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert f"${{{name}:?" in COMPOSE
        assert f"${{{name}:-" not in COMPOSE


def test_only_the_proxy_is_open_to_the_network(services):
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
