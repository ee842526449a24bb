"""What can be checked of the container and service files without a container engine.

    check_deployment.py ROOT CASE
"""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(sys.argv[1])


def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def known_settings():
    table = (ROOT / "service/base/settings.def").read_text()
    rows = re.findall(r'SETTING\((\w+), \w+, "(CSPR_\w+)"', table)
    return ({name for _, name in rows} | {name + "_FILE" for kind, name in rows if kind == "SECRET"}
            # The client's, for the health check.
            | {"CSPR_URL"})


def services_are_hardened():
    for name, service in compose()["services"].items():
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["cap_drop"] == ["ALL"], name
        assert not service.get("privileged"), name


def services_that_stay_are_checked():
    for name, service in compose()["services"].items():
        if service["restart"] == "no":
            continue
        assert service["healthcheck"]["test"][0] == "CMD", name


def order_is_database_then_migration_then_service():
    services = compose()["services"]
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    running = [name for name in services if name.startswith("csprd-")]
    assert len(running) == 2
    for name in running:
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully", name
        assert services["proxy"]["depends_on"][name]["condition"] == "service_healthy", name


def secrets_are_files():
    document = compose()
    for name, service in document["services"].items():
        for secret in service.get("secrets", []):
            assert secret in document["secrets"], (name, secret)
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|PEPPER|SECRET|_URL_|DATABASE_URL|MIGRATION_URL", variable):
                assert variable.endswith("_FILE") and value.startswith("/run/secrets/"), variable
                assert value.rsplit("/", 1)[1] in service["secrets"], (name, variable)


def database_is_out_of_reach():
    document = compose()
    assert document["networks"]["database"]["internal"] is True
    assert document["services"]["postgres"]["networks"] == ["database"]
    assert "ports" not in document["services"]["postgres"]


def settings_exist():
    known = known_settings()
    assert len(known) > 10
    for path in ("docker-compose.yml", "Dockerfile", "service/csprd.service"):
        text = re.sub(r"\$\{CSPR_\w+", "", (ROOT / path).read_text())
        for name in re.findall(r"\bCSPR_\w+", text):
            assert name in known, (path, name)


def files_that_are_named_exist():
    for name, service in compose()["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).is_file(), (name, source)
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source


def secret_of_a_calendar_is_not_logged():
    proxy = (ROOT / "tools/proxy/nginx.conf").read_text()
    written = re.search(r"log_format plain '([^']*)'", proxy).group(1)
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer|arg_\w+)\b", written)
    calendar = re.search(r"location = /calendar\.ics \{(.*?)\}", proxy, re.S).group(1)
    assert "error_log /dev/null" in calendar


CASES = [secret_of_a_calendar_is_not_logged, services_are_hardened,
         services_that_stay_are_checked, order_is_database_then_migration_then_service, secrets_are_files,
         database_is_out_of_reach, settings_exist, files_that_are_named_exist]


def main():
    wanted = sys.argv[2]
    matching = [case for case in CASES if case.__name__ == wanted]
    assert matching, wanted
    matching[0]()


if __name__ == "__main__":
    main()
